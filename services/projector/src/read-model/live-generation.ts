import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger, ParallelConsumer } from '@nask/kafka';
import type { Component } from '@nask/service';
import { repeated } from '../repeated.ts';

/** How often the database is asked which generation is live. */
const pollIntervalMs = 500;
/** How long the old generation is still kept current after a switch, while readers leave it. */
const settleMs = 3_000;

/** The consumer that keeps the live generation current, as a component. */
interface LiveGenerationConsumer extends Component {
  health(): ReturnType<ParallelConsumer['health']>;
  lag(): ReturnType<ParallelConsumer['lag']>;
}

/**
 * Keeps the live generation current. When another one becomes live, it goes on with the old one until no reader uses
 * that any more, and then with the new one, from its checkpoints: meanwhile the rebuild keeps the new one current.
 */
export function consumeIntoLiveGeneration(options: {
  /** Which generation is live. */
  live: () => Promise<number>;
  /** A consumer that projects into a generation, from its checkpoints on. */
  createConsumer: (generation: number) => ParallelConsumer;
  logger: Pick<Logger, 'info' | 'warn'>;
}): LiveGenerationConsumer {
  const { live, createConsumer, logger } = options;
  let current: { generation: number; consumer: ParallelConsumer } | undefined;
  let isUnknown = false;

  async function readLive(): Promise<number | undefined> {
    try {
      const generation = await live();
      isUnknown = false;
      return generation;
    } catch (error) {
      if (!isUnknown)
        logger.warn({ err: error }, 'the database does not say which generation of the read model is live');
      isUnknown = true;
      return undefined;
    }
  }

  async function follow(signal: AbortSignal): Promise<void> {
    const generation = await readLive();
    if (generation === undefined || generation === current?.generation || signal.aborted) return;
    if (current !== undefined) {
      logger.info({ from: current.generation, to: generation }, 'another generation of the read model is live');
      await sleep(settleMs, undefined, { signal }).catch(() => undefined);
      if (signal.aborted) return;
      await current.consumer.stop();
    }
    current = { generation, consumer: createConsumer(generation) };
    await current.consumer.start();
  }

  const following = repeated({
    name: 'consumer of task events',
    intervalMs: pollIntervalMs,
    run: follow,
    // A consumer that cannot be started or stopped: an unhandled rejection ends the process.
    onFailure(error) {
      throw error;
    },
  });
  return {
    ...following,
    async stop({ graceMs }) {
      await following.stop();
      await current?.consumer.stop({ drainTimeoutMs: graceMs / 2 });
    },
    health: () =>
      current?.consumer.health() ?? { live: true, ready: false, reason: 'the live read model is not known yet' },
    lag: () => current?.consumer.lag() ?? [],
  };
}
