export { deleteGroup } from './admin/delete-group.ts';
export {
  TopicAdminError,
  withTopicAdmin,
  type ExistingTopic,
  type TopicAdmin,
  type TopicSpec,
} from './admin/topic-admin.ts';
export { connectKafka, topicName, type KafkaConnection } from './connection.ts';
export { createDeadLetters, type DeadLetterSink } from './consumer/dead-letters.ts';
export {
  DeadLetterError,
  DeadLettersExhaustedError,
  FatalConsumerError,
  type RecordContext,
} from './consumer/dispatch/dispatcher.ts';
export type { RecordHandler } from './consumer/dispatch/record-dispatcher.ts';
export {
  createParallelConsumer,
  type ParallelConsumer,
  type ParallelConsumerOptions,
} from './consumer/parallel-consumer.ts';
export type { AssignedPartition } from './consumer/partitions/assignments.ts';
export { createLogEnds, type LogEnd, type LogEnds } from './log/log-ends.ts';
export type { LogBounds } from './consumer/group/group-client.ts';
export { createLogReader, type LogReader, type SliceStart } from './log/log-reader.ts';
export { createLogTail, type TailStart } from './log/log-tail.ts';
export { createTopicIds, type TopicIds } from './log/topic-ids.ts';
export type { Logger } from './logger.ts';
export {
  createAcknowledgedWrites,
  type WriteUntilAcknowledged,
  createProducer,
  type GroupCommitProducer,
} from './producer/group-commit-producer.ts';
export { partitionFor } from './producer/partitions.ts';
export { ProducerError } from './producer/producer-error.ts';
export type { ConsumedRecord, OutgoingRecord, Position, TopicPartition } from './record.ts';
