import { randomUUIDv7 } from 'node:crypto';
import { eventHeaders, ProducerError, type EventCodec, type GroupCommitProducer } from '@nask/kafka';
import type { Correlation } from '../../domain/correlation.ts';
import type { LogPosition } from '../../domain/consistency-token.ts';
import { UnavailableError } from '../../domain/errors.ts';
import type { VisibleTaskDocument } from '../../domain/task-view.ts';

/**
 * Makes the function that writes a task's TaskErased and resolves with its position once Kafka acknowledged it with
 * acks=all. To write it twice does no harm, so it makes no difference whether a failed one is in the log.
 * @param source the CloudEvents source of the events
 * @throws UnavailableError ERASURE_UNCONFIRMED when Kafka does not acknowledge it by the deadline
 */
export function createErasurePublisher(options: {
  producer: GroupCommitProducer;
  codec: EventCodec;
  /** Whether the codec can encode yet. */
  knowsSchemas: () => boolean;
  source: string;
  deadlineMs: number;
}): (task: VisibleTaskDocument, correlation: Correlation) => Promise<LogPosition> {
  const { producer, codec, source, deadlineMs } = options;

  return async ({ _id: task_id, requested }, { requestId, traceparent }) => {
    if (!options.knowsSchemas())
      throw new UnavailableError(
        'ERASURE_UNCONFIRMED',
        'The schema registry has not answered since this gateway started, so events cannot be written yet. The task is not erased.',
      );
    const event = {
      event_id: randomUUIDv7(),
      task_id,
      requested_at: requested.requested_at.getTime(),
      erased_at: Date.now(),
    };
    const key = String(task_id);
    const headers = eventHeaders({
      id: event.event_id,
      type: 'TaskErased',
      source,
      subject: key,
      timeMs: event.erased_at,
      requestId,
      traceparent,
    });
    const topic = 'tasks.erased';
    try {
      return await producer.send({ topic, key, value: codec.encode(topic, event), headers }, { deadlineMs });
    } catch (error) {
      if (!(error instanceof ProducerError)) throw error;
      throw new UnavailableError(
        'ERASURE_UNCONFIRMED',
        `Kafka did not acknowledge the erasure of task ${task_id} within ${deadlineMs} ms.`,
        { cause: error },
      );
    }
  };
}
