import { setTimeout as sleep } from 'node:timers/promises';
import type { EventCodec } from '@nask/task-log';
import type { HealthCheck } from '@nask/service';
import type { TaskIdSource } from './task-id-source.ts';

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
