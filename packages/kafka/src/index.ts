export {
  TopicAdminError,
  withTopicAdmin,
  type ExistingTopic,
  type TopicAdmin,
  type TopicSpec,
} from './admin/topic-admin.ts';
export { createAcknowledgedWrites, type WriteUntilAcknowledged } from './producer/acknowledged-writes.ts';
export { connectKafka, type ConnectionOptions, type KafkaConnection } from './connection.ts';
export { deleteGroup, type GroupDeletion } from './admin/delete-group.ts';
export * from './producer/group-commit-producer.ts';
export { createLogEnds, LogEndsError, type LogEnds } from './log/log-ends.ts';
export { createLogTail, type LogTail, type LogTailOptions, type TailedRecord, type TailStart } from './log/log-tail.ts';
export {
  createLogReader,
  LogReadError,
  type LogReader,
  type LogReaderOptions,
  type SliceStart,
} from './log/log-reader.ts';
export type { Logger } from './logger.ts';
export { partitionFor } from './producer/partitioner.ts';
export { ProducerError, type ProducerErrorCode } from './producer/producer-error.ts';
export type * from './record.ts';
export { createDeadLetters, type DeadLettersOptions, type DeadLetterSink } from './consumer/dead-letters.ts';
export type { AssignedPartition } from './consumer/partitions/assignments.ts';
export type { HandlerContext } from './consumer/dispatch/dispatcher.ts';
export { DeadLetterError, DeadLettersExhaustedError, FatalConsumerError } from './consumer/dispatch/errors.ts';
export type { RecordHandler } from './consumer/dispatch/record-dispatcher.ts';
export {
  createParallelConsumer,
  type ParallelConsumer,
  type ParallelConsumerOptions,
  type PartitionLag,
} from './consumer/parallel-consumer.ts';
export type { LogEnd } from './log/topic-ends.ts';
export { createTopicIds, TopicIdsError, type TopicIds } from './log/topic-ids.ts';
