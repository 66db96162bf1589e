import { setTimeout } from 'node:timers/promises';
import { ProducerError, type GroupCommitProducer, type Logger, type OutgoingRecord } from '@nask/kafka';
import { backoffMs } from '../domain/backoff.ts';
import { orAborted } from '../domain/or-aborted.ts';
import { EventTooLargeError } from '../execution/task-event-log.ts';

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
  return async (record, signal) => {
    for (let failures = 1; ; failures++) {
      try {
        await orAborted(producer.send(record), signal);
        return;
      } catch (error) {
        signal.throwIfAborted();
        if (error instanceof ProducerError && error.code === 'RECORD_TOO_LARGE')
          throw new EventTooLargeError(error.message, { cause: error });
        const { topic, key } = record;
        logger.warn({ err: error, topic, task_id: key, failures }, 'Kafka did not take an event; it is sent again');
        await setTimeout(backoffMs(failures, Math.random()), undefined, { signal }).catch(() => {});
        signal.throwIfAborted();
      }
    }
  };
}
