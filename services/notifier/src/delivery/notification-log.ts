import {
  createAcknowledgedWrites,
  DeadLetterError,
  ProducerError,
  type DeadLetterSink,
  type GroupCommitProducer,
  type Logger,
  type OutgoingRecord,
} from '@nask/kafka';
import { eventHeaders, type EventCodec } from '@nask/task-log';
import { retryTopic, type NotificationAttempted } from '@nask/schemas';
import type { CompletionRecord } from './delivery.ts';
import { retryHeaders, type RetryDetails } from './retry-headers.ts';
import { UndeliverableError } from './undeliverable-error.ts';

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

/** @param source CloudEvents source of the events */
export function createNotificationLog(options: {
  producer: GroupCommitProducer;
  codec: EventCodec;
  deadLetters: DeadLetterSink;
  source: string;
  logger: Logger;
}): NotificationLog {
  const { producer, codec, deadLetters, source, logger } = options;
  const untilAcknowledged = createAcknowledgedWrites(logger);
  const send = (record: OutgoingRecord, signal: AbortSignal) =>
    untilAcknowledged(() => producer.send(record), signal, { topic: record.topic, task_id: record.key });

  return {
    attempted(event, signal) {
      const key = String(event.task_id);
      const headers = eventHeaders({
        id: event.event_id,
        type: 'NotificationAttempted',
        source,
        subject: key,
        timeMs: event.attempted_at,
      });
      const value = codec.encode('notifications.attempted', event);
      return send({ topic: 'notifications.attempted', key, value, headers }, signal);
    },

    async retry(tier, { key, value, headers }, details, signal) {
      const record = { topic: retryTopic(tier), key, value, headers: { ...headers, ...retryHeaders(details) } };
      try {
        await send(record, signal);
      } catch (error) {
        // The completion itself just fitted into a record, and with the headers it does not.
        if (error instanceof ProducerError) throw new DeadLetterError(error.message, { cause: error });
        throw error;
      }
    },

    givenUp(completion, reason, signal) {
      const record = { ...completion, topic: 'tasks.completed' };
      const undeliverable = new UndeliverableError(reason);
      return untilAcknowledged(() => deadLetters.publish(record, undeliverable), signal, { task_id: record.key });
    },
  };
}
