import { randomUUIDv7 } from 'node:crypto';
import { eventHeaders, ProducerError, type EventCodec, type GroupCommitProducer } from '@nask/kafka';
import type { Correlation } from '../../domain/correlation.ts';
import { UnavailableError } from '../../domain/errors.ts';
import { redeliveryOf } from '../../domain/redelivery.ts';
import type { VisibleTaskDocument } from '../../domain/task-view.ts';

/**
 * Makes the function that asks for the outcome of a task to be sent again: resolves once Kafka acknowledged it.
 * @param source the CloudEvents source of the events
 * @throws TaskNotEndedError, NoNotifyUrlError; UnavailableError when it is not certain that it was taken
 */
export function createRedeliveryPublisher(options: {
  producer: GroupCommitProducer;
  codec: EventCodec;
  /** Whether the codec can encode yet. */
  knowsSchemas: () => boolean;
  source: string;
  deadlineMs: number;
}): (document: VisibleTaskDocument, correlation: Correlation) => Promise<void> {
  const { producer, codec, source, deadlineMs } = options;

  return async (document, { requestId, traceparent }) => {
    const nowMs = Date.now();
    const event = redeliveryOf(document, randomUUIDv7(), nowMs);
    if (!options.knowsSchemas())
      throw new UnavailableError(
        'REDELIVERY_UNCERTAIN',
        'The schema registry has not answered since this gateway started, so events cannot be written yet.',
      );
    const key = String(event.task_id);
    const value = codec.encode('notifications.redelivery-requested', event);
    const headers = eventHeaders({
      id: event.event_id,
      type: 'RedeliveryRequested',
      source,
      subject: key,
      timeMs: nowMs,
      requestId,
      traceparent,
    });
    try {
      await producer.send({ topic: 'notifications.redelivery-requested', key, value, headers }, { deadlineMs });
    } catch (error) {
      if (!(error instanceof ProducerError)) throw error;
      throw new UnavailableError('REDELIVERY_UNCERTAIN', `Kafka did not take it within ${deadlineMs} ms.`, {
        cause: error,
      });
    }
  };
}
