import crypto from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { ProducerError, type Position } from '@nask/kafka';
import type { EventTopicName } from '@nask/schemas';
import type { HealthCheck } from '@nask/service';
import type { EventCodec, EventPublisher, NewEventOf } from '@nask/task-log';
import { UnavailableError, type UnavailableCode } from './errors.ts';
import type { Correlation } from './http/observe.ts';
import type { TaskIdSource } from './task-ids/task-id-source.ts';

/** What the events of the gateway are written with. */
export interface EventWriterOptions {
  publisher: Pick<EventPublisher, 'publish'>;
  /** Whether events can be encoded yet. */
  knowsSchemas: () => boolean;
  deadlineMs: number;
}

/**
 * Writes an event of a task and resolves with its position once Kafka acknowledged it with acks=all. For events that may
 * be written twice: after a failure it makes no difference whether the event is in the log.
 * @param unconfirmed the error when Kafka does not acknowledge the event by the deadline
 * @throws UnavailableError with the code of `unconfirmed`; ProducerError RECORD_TOO_LARGE
 */
export type WriteEvent = <T extends EventTopicName>(
  topic: T,
  event: NewEventOf<T> & { task_id: number },
  correlation: Correlation,
  unconfirmed: {
    code: UnavailableCode;
    /** What it means that no event can be written yet; left out where there is nothing to add. */
    notWritten?: string;
    /** What Kafka did not do within the deadline. */
    notAcknowledged: string;
  },
) => Promise<Position>;

/** @throws UnavailableError while no event can be encoded; `consequence` is what that means for the request */
export function assertKnowsSchemas(knowsSchemas: () => boolean, code: UnavailableCode, consequence?: string): void {
  if (knowsSchemas()) return;
  const why = 'The schema registry has not answered since this gateway started, so events cannot be written yet.';
  throw new UnavailableError(code, [why, consequence].filter(Boolean).join(' '));
}

export function createEventWriter({ publisher, knowsSchemas, deadlineMs }: EventWriterOptions): WriteEvent {
  return async (topic, event, correlation, unconfirmed) => {
    assertKnowsSchemas(knowsSchemas, unconfirmed.code, unconfirmed.notWritten);
    try {
      return await publisher.publish(topic, event, { ...correlation, deadlineMs });
    } catch (error) {
      // A record that is too large stays so: no time would be enough.
      if (!(error instanceof ProducerError) || error.code === 'RECORD_TOO_LARGE') throw error;
      const message = `Kafka did not ${unconfirmed.notAcknowledged} within ${deadlineMs} ms.`;
      throw new UnavailableError(unconfirmed.code, message, { cause: error });
    }
  };
}

/** Without a lease no request comes that would ask for one: a gateway that is not ready gets none. */
const leaseRetryMs = 500;

/**
 * What accepting tasks needs beside Kafka itself: the ids of our schemas, and a first block of task ids.
 * @param onFailure called when preparing cannot succeed: the registry answers and does not have our schemas. Failed
 *   leases are reported by the id source.
 */
export function createWriteSide(options: {
  codec: EventCodec;
  ids: TaskIdSource;
  onFailure: (error: unknown) => void;
}) {
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
    /** Prepares in the background: reads are served while the registry or Kafka is away. */
    async start({ signal }: { signal: AbortSignal }) {
      void prepare(signal);
    },
    /** Whether the schemas are known: asked of the registry once, then never again. */
    knowsSchemas: () => knowsSchemas,
    /** Whether tasks could be accepted, once: that Kafka is there now is another question. */
    readiness(): ReturnType<HealthCheck> {
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
