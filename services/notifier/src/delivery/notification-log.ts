import {
  createDeadLetters,
  DeadLetterError,
  ProducerError,
  type ConsumedRecord,
  type DeadLetterSink,
  type GroupCommitProducer,
} from '@nask/kafka';
import type { EventPublisher } from '@nask/task-log';
import { deadLetterTopic, retryTopic, type NotificationAttempted } from '@nask/schemas';
import { retryHeaders, type RetryDetails } from './retries.rules.ts';

/** A completion as it lies, or lay, in `tasks.completed`: what retries and dead letters carry on. */
export interface CompletionRecord {
  partition: number;
  offset: number;
  key: string;
  value: Buffer;
  headers: Readonly<Record<string, string>>;
  timestampMs: number;
}

/** @throws DeadLetterError when the record has no key */
export function completionIn(record: ConsumedRecord): CompletionRecord {
  const { partition, offset, key, value, headers, timestampMs } = record;
  if (key === null) throw new DeadLetterError('A completion has the id of its task as its key; here there is no key');
  return { partition, offset, key, value: value ?? Buffer.alloc(0), headers, timestampMs };
}

/**
 * Writes down what becomes of webhooks. Each resolves once Kafka has acknowledged it, however long that takes: what was
 * sent to a receiver must not be sent again because it could not be noted.
 * @throws the signal's reason
 */
export interface NotificationLog {
  attempted(event: NotificationAttempted, signal: AbortSignal): Promise<void>;
  /** Puts a webhook into the topic of a delay tier. */
  retry(tier: number, completion: CompletionRecord, details: RetryDetails, signal: AbortSignal): Promise<void>;
  givenUp(completion: CompletionRecord, reason: string, signal: AbortSignal): Promise<void>;
}

export function createNotificationLog(options: {
  publisher: Pick<EventPublisher, 'publishUntilAcknowledged' | 'sendUntilAcknowledged' | 'untilAcknowledged'>;
  deadLetters: DeadLetterSink;
}): NotificationLog {
  const { publisher, deadLetters } = options;

  return {
    attempted: (event, signal) => publisher.publishUntilAcknowledged('notifications.attempted', event, { signal }),

    async retry(tier, { key, value, headers }, details, signal) {
      const record = { topic: retryTopic(tier), key, value, headers: { ...headers, ...retryHeaders(details) } };
      try {
        await publisher.sendUntilAcknowledged(record, { signal });
      } catch (error) {
        // The completion itself just fitted into a record, and with the headers it does not.
        if (error instanceof ProducerError) throw new DeadLetterError(error.message, { cause: error });
        throw error;
      }
    },

    givenUp(completion, reason, signal) {
      const record = { ...completion, topic: 'tasks.completed' };
      const undeliverable = new UndeliverableError(reason);
      const write = () => deadLetters.publish(record, undeliverable);
      return publisher.untilAcknowledged(write, signal, { task_id: record.key });
    },
  };
}

/** A webhook that its receiver does not get: no fault of the record's, nor of this service's. */
export class UndeliverableError extends DeadLetterError {}

/**
 * Where records go that the notifier is done with and did not deliver. What cannot be understood has a ceiling a
 * minute: more of it means a fault in the system, and its partition stops. What cannot be delivered has none:
 * receivers that do not answer are normal operation.
 */
export function createNotifierDeadLetters(producer: Pick<GroupCommitProducer, 'send'>): DeadLetterSink {
  const topic = deadLetterTopic('notifier');
  const notUnderstood = createDeadLetters({ producer, topic });
  const undeliverable = createDeadLetters({ producer, topic, maxPerMinute: Number.POSITIVE_INFINITY });
  return {
    publish: (record, error) =>
      (error instanceof UndeliverableError ? undeliverable : notUnderstood).publish(record, error),
  };
}
