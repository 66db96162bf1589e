import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from '@nask/kafka';
import {
  earlierReadModelVersions,
  generationOf,
  readModelCollection,
  readModelId,
  readModelIdOf,
  readModelVersion,
  type ReadModelDocument,
} from '@nask/schemas';
import type { Component, HealthCheck } from '@nask/service';
import type { Db } from 'mongodb';

const lookIntervalMs = 500;

/**
 * Waits for the read model of this version where the store has one of an earlier version: until the projectors have
 * built it and sent readers to it, gateways of the earlier version answer reads. It waits once: what was switched to
 * stays, and a store without an earlier version needs no switch. A store that does not answer changes nothing: a gateway
 * that starts meanwhile does not wait.
 * @param options.bound makes the limit in time of one operation
 */
export function createVersionSwitch(options: {
  db: Db;
  bound: () => { signal: AbortSignal };
  logger: Pick<Logger, 'info'>;
}): Component & { readiness: HealthCheck } {
  const { db, bound, logger } = options;
  const pointers = db.collection<ReadModelDocument>(readModelCollection);
  const stopping = new AbortController();
  let state: 'unknown' | 'waiting' | 'ready' = 'unknown';
  let looking: Promise<void> = Promise.resolve();

  async function isAwaited(): Promise<boolean> {
    const known = new Map((await pointers.find({}, bound()).toArray()).map((pointer) => [pointer._id, pointer]));
    if (known.get(readModelId)?.switched_at !== undefined) return false;
    if (earlierReadModelVersions.some((version) => known.has(readModelIdOf(version)))) return true;
    const collections = await db.listCollections({}, { nameOnly: true, ...bound() }).toArray();
    return collections.some(({ name }) =>
      earlierReadModelVersions.some((version) => generationOf(name, version) !== undefined),
    );
  }

  /** @returns whether there is nothing to wait for any more */
  async function look(): Promise<boolean> {
    let isReady: boolean;
    try {
      isReady = !(await isAwaited());
    } catch {
      if (state === 'unknown') state = 'ready';
      return false;
    }
    const before = state;
    state = isReady ? 'ready' : 'waiting';
    if (state === 'waiting' && before !== 'waiting')
      logger.info({ readModelVersion }, 'not ready: waiting for the read model of this version to be built');
    if (isReady && before === 'waiting') logger.info({ readModelVersion }, 'the read model of this version is there');
    return isReady;
  }

  return {
    name: 'version of the read model',
    async start() {
      looking = (async () => {
        while (!stopping.signal.aborted && !(await look()))
          await sleep(lookIntervalMs, undefined, { signal: stopping.signal }).catch(() => undefined);
      })();
    },
    async stop() {
      stopping.abort();
      await looking;
    },
    readiness() {
      if (state === 'ready') return { ok: true };
      const reason =
        state === 'waiting'
          ? `waiting for version ${readModelVersion} of the read model: a projector of this version has to build it from the log`
          : 'whether the read model has the version of this gateway is not known yet';
      return { ok: false, reason };
    },
  };
}
