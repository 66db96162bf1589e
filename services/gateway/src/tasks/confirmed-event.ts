import { ProducerError, type GroupCommitProducer } from '@nask/kafka';
import { eventHeaders, type EventCodec, type EventOf } from '@nask/task-log';
import { topics, type EventTopicName } from '@nask/schemas';
import type { LogPosition } from '../read-model/consistency-token.ts';
import type { Correlation } from '../http/correlation.ts';
import { UnavailableError, type UnavailableCode } from '../errors.ts';

/** What every event of the gateway is written with. */
export interface EventPublisherOptions {
  producer: GroupCommitProducer;
  codec: EventCodec;
  /** Whether the codec can encode yet. */
  knowsSchemas: () => boolean;
  /** The CloudEvents source of the events. */
  source: string;
  deadlineMs: number;
}

/** How to say that it is not certain that an event is in the log. */
export interface Unconfirmed {
  code: UnavailableCode;
  /** What it means that no event can be written yet; left out where there is nothing to add. */
  notWritten?: string;
  /** What Kafka did not do within the deadline. */
  notAcknowledged: string;
}

/**
 * Writes an event of a task and resolves with its place in the log once Kafka acknowledged it with acks=all. For events
 * that it does no harm to write twice: so it makes no difference whether a failed one is in the log.
 * @throws UnavailableError with the code of `unconfirmed` when Kafka does not acknowledge it by the deadline
 */
export async function writeConfirmed<T extends EventTopicName>(
  { producer, codec, knowsSchemas, source, deadlineMs }: EventPublisherOptions,
  topic: T,
  event: EventOf<T> & { event_id: string; task_id: number },
  { timeMs, requestId, traceparent }: Correlation & { timeMs: number },
  unconfirmed: Unconfirmed,
): Promise<LogPosition> {
  if (!knowsSchemas()) {
    const why = 'The schema registry has not answered since this gateway started, so events cannot be written yet.';
    throw new UnavailableError(unconfirmed.code, [why, unconfirmed.notWritten].filter(Boolean).join(' '));
  }
  const key = String(event.task_id);
  const type = topics[topic].event;
  const headers = eventHeaders({ id: event.event_id, type, source, subject: key, timeMs, requestId, traceparent });
  try {
    return await producer.send({ topic, key, value: codec.encode(topic, event), headers }, { deadlineMs });
  } catch (error) {
    if (!(error instanceof ProducerError)) throw error;
    const message = `Kafka did not ${unconfirmed.notAcknowledged} within ${deadlineMs} ms.`;
    throw new UnavailableError(unconfirmed.code, message, { cause: error });
  }
}
