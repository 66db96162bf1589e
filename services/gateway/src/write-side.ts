import crypto from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { ProducerError, type GroupCommitProducer, type Position } from '@nask/kafka';
import { type EventTopicName, topics } from '@nask/schemas';
import type { HealthCheck } from '@nask/service';
import { type EventCodec, eventHeaders, type EventOf } from '@nask/task-log';
import { type UnavailableCode, UnavailableError } from './errors.ts';
import type { Correlation } from './http/observe.ts';
import type { TaskIdSource } from './task-ids/task-id-source.ts';

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

/**
 * Writes an event of a task and resolves with its position once Kafka acknowledged it with acks=all. For events that may
 * be written twice: after a failure it makes no difference whether the event is in the log.
 * @param unconfirmed the error when Kafka does not acknowledge the event by the deadline
 * @throws UnavailableError with the code of `unconfirmed`
 */
export type WriteEvent = <T extends EventTopicName>(
  topic: T,
  event: EventOf<T> & { event_id: string; task_id: number },
  cause: Correlation & { timeMs: number },
  unconfirmed: {
    code: UnavailableCode;
    /** What it means that no event can be written yet; left out where there is nothing to add. */
    notWritten?: string;
    /** What Kafka did not do within the deadline. */
    notAcknowledged: string;
  },
) => Promise<Position>;

export function createEventWriter({
  producer,
  codec,
  knowsSchemas,
  source,
  deadlineMs,
}: EventPublisherOptions): WriteEvent {
  return async (topic, event, { timeMs, requestId, traceparent }, unconfirmed) => {
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
  };
}

/** What accepting tasks needs beside Kafka itself: the ids of our schemas, and a first block of task ids. */
export interface WriteSide {
  readonly name: string;
  /** Prepares in the background: reads are served while the registry or Kafka is away. */
  start(options: { signal: AbortSignal }): Promise<void>;
  /** Whether the schemas are known: asked of the registry once, then never again. */
  readonly knowsSchemas: () => boolean;
  /** Whether tasks could be accepted, once: that Kafka is there now is another question. */
  readonly readiness: HealthCheck;
}

/** Without a lease no request comes that would ask for one: a gateway that is not ready gets none. */
const leaseRetryMs = 500;

/**
 * @param onFailure told when preparing cannot succeed: the registry answers and does not have our schemas. That a lease
 *   fails is the id source's to tell.
 */
export function createWriteSide(options: {
  codec: EventCodec;
  ids: TaskIdSource;
  onFailure: (error: unknown) => void;
}): WriteSide {
  let knowsSchemas = false;
  let hasIds = false;

  async function prepare(signal: AbortSignal): Promise<void> {
    try {
      await options.codec.start({ signal });
    } catch (error) {
      if (!signal.aborted) options.onFailure(error);
      return;
    }
    knowsSchemas = true;
    hasIds = await options.ids.refill();
    while (!hasIds && !signal.aborted) {
      await sleep(leaseRetryMs);
      hasIds = await options.ids.refill();
    }
  }

  return {
    name: 'schemas and task ids',
    async start({ signal }) {
      void prepare(signal);
    },
    knowsSchemas: () => knowsSchemas,
    readiness() {
      if (!knowsSchemas) return { ok: false, reason: 'the schema registry has not answered yet' };
      return hasIds ? { ok: true } : { ok: false, reason: 'no block of task ids has been leased yet' };
    },
  };
}

/**
 * A UUIDv7 for an event that the gateway makes.
 * By the default export: a named import that this Node lacks ends the process before packages/service can say which Node
 * is needed.
 */
export function newEventId(): string {
  return crypto.randomUUIDv7();
}
