export {
  TopicAdminError,
  withTopicAdmin,
  type ExistingTopic,
  type TopicAdmin,
  type TopicSpec,
} from './admin/topic-admin.ts';
export { createAcknowledgedWrites, type WriteUntilAcknowledged } from './acknowledged-writes.ts';
export { connectKafka, type ConnectionOptions, type KafkaConnection } from './connection.ts';
export { deleteGroup, type GroupDeletion } from './delete-group.ts';
export * from './group-commit-producer.ts';
export { createLogEnds, LogEndsError, type LogEnds } from './log-ends.ts';
export { createLogTail, type LogTail, type LogTailOptions, type TailedRecord, type TailStart } from './log-tail.ts';
export { createLogReader, LogReadError, type LogReader, type LogReaderOptions, type SliceStart } from './log-reader.ts';
export type { Logger } from './logger.ts';
export { partitionFor } from './partitioner.ts';
export { ProducerError, type ProducerErrorCode } from './producer/producer-error.ts';
export type * from './record.ts';
export { createDeadLetters, type DeadLettersOptions, type DeadLetterSink } from './dead-letters.ts';
export type { AssignedPartition } from './consumer/assignments.ts';
export type { HandlerContext } from './consumer/dispatcher.ts';
export { DeadLetterError, DeadLettersExhaustedError, FatalConsumerError } from './consumer/errors.ts';
export type { RecordHandler } from './consumer/record-dispatcher.ts';
export {
  createParallelConsumer,
  type ParallelConsumer,
  type ParallelConsumerOptions,
  type PartitionLag,
} from './parallel-consumer.ts';
export type { LogEnd } from './topic-ends.ts';
export { createTopicIds, TopicIdsError, type TopicIds } from './topic-ids.ts';
