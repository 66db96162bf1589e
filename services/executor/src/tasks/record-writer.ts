import {
  createAcknowledgedWrites,
  ProducerError,
  type GroupCommitProducer,
  type Logger,
  type OutgoingRecord,
} from '@nask/kafka';
import { orAborted } from '../lanes/or-aborted.ts';
import { EventTooLargeError } from './task-event-log.ts';

/**
 * Returns once the log has the record for good.
 * @throws the signal's reason, at once, when it is aborted: the record may be in the log or not
 * @throws EventTooLargeError
 */
export type WriteRecord = (record: OutgoingRecord, signal: AbortSignal) => Promise<void>;

/**
 * Writes records to Kafka. A record that Kafka does not acknowledge is sent again, with backoff, until it does. The
 * producer's queue bounds what waits.
 */
export function createRecordWriter(producer: GroupCommitProducer, logger: Logger): WriteRecord {
  const untilAcknowledged = createAcknowledgedWrites(logger);
  return async (record, signal) => {
    const { topic, key } = record;
    try {
      await untilAcknowledged(() => orAborted(producer.send(record), signal), signal, { topic, task_id: key });
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof ProducerError) throw new EventTooLargeError(error.message, { cause: error });
      throw error;
    }
  };
}
