import { randomUUIDv7 } from 'node:crypto';
import { eventHeaders, ProducerError, type EventCodec, type GroupCommitProducer } from '@nask/kafka';
import type { LogPosition } from '../../domain/consistency-token.ts';
import type { Correlation } from '../../domain/correlation.ts';
import { UnavailableError } from '../../domain/errors.ts';

/**
 * Makes the function that writes a task's TaskCancellationRequested and resolves with its place in the log once Kafka acknowledged it with
 * acks=all. To write it twice does no harm, so it makes no difference whether a failed one is in the log.
 * @param source the CloudEvents source of the events
 * @throws UnavailableError CANCELLATION_UNCONFIRMED when Kafka does not acknowledge it by the deadline
 */
export function createCancellationPublisher(options: {
  producer: GroupCommitProducer;
  codec: EventCodec;
  /** Whether the codec can encode yet. */
  knowsSchemas: () => boolean;
  source: string;
  deadlineMs: number;
}): (taskId: number, correlation: Correlation) => Promise<LogPosition> {
  const { producer, codec, source, deadlineMs } = options;

  return async (taskId, { requestId, traceparent }) => {
    if (!options.knowsSchemas())
      throw new UnavailableError(
        'CANCELLATION_UNCONFIRMED',
        'The schema registry has not answered since this gateway started, so events cannot be written yet. The task is not cancelled.',
      );
    const event = { event_id: randomUUIDv7(), task_id: taskId, requested_at: Date.now() };
    const key = String(taskId);
    const headers = eventHeaders({
      id: event.event_id,
      type: 'TaskCancellationRequested',
      source,
      subject: key,
      timeMs: event.requested_at,
      requestId,
      traceparent,
    });
    const topic = 'tasks.cancellation-requested';
    try {
      return await producer.send({ topic, key, value: codec.encode(topic, event), headers }, { deadlineMs });
    } catch (error) {
      if (!(error instanceof ProducerError)) throw error;
      throw new UnavailableError(
        'CANCELLATION_UNCONFIRMED',
        `Kafka did not acknowledge the cancellation of task ${taskId} within ${deadlineMs} ms.`,
        { cause: error },
      );
    }
  };
}
