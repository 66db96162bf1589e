import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger, ParallelConsumer, PartitionLag } from '@nask/kafka';

export interface GenerationRunner {
  readonly name: string;
  start(): Promise<void>;
  stop(options: { graceMs: number }): Promise<void>;
  health(): ReturnType<ParallelConsumer['health']>;
  lag(): PartitionLag[];
}

export interface GenerationRunnerOptions {
  /** Which generation is live. */
  live: () => Promise<number>;
  /** A consumer that projects into a generation, from its checkpoints on. */
  createConsumer: (generation: number) => ParallelConsumer;
  logger: Pick<Logger, 'info' | 'warn'>;
  pollIntervalMs?: number;
  /** How long the old generation is still kept current after a switch, while readers leave it. */
  settleMs?: number;
}

/**
 * Keeps the live generation current. When another one becomes live, it goes on with the old one until no reader uses
 * that any more, and then with the new one, from its checkpoints: meanwhile whoever built that keeps it current.
 */
export function createGenerationRunner(options: GenerationRunnerOptions): GenerationRunner {
  const { live, createConsumer, logger, pollIntervalMs = 500, settleMs = 3_000 } = options;
  const stopping = new AbortController();
  let current: { generation: number; consumer: ParallelConsumer } | undefined;
  let running: Promise<void> = Promise.resolve();
  let isAway = false;

  const pause = (delayMs: number) => sleep(delayMs, undefined, { signal: stopping.signal }).catch(() => undefined);

  async function look(): Promise<number | undefined> {
    try {
      const generation = await live();
      isAway = false;
      return generation;
    } catch (error) {
      if (!isAway) logger.warn({ err: error }, 'the database does not say which generation of the read model is live');
      isAway = true;
      return undefined;
    }
  }

  async function follow(generation: number): Promise<void> {
    if (current !== undefined) {
      logger.info({ from: current.generation, to: generation }, 'another generation of the read model is live');
      await pause(settleMs);
      if (stopping.signal.aborted) return;
      await current.consumer.stop();
    }
    current = { generation, consumer: createConsumer(generation) };
    await current.consumer.start();
  }

  async function run(): Promise<void> {
    while (!stopping.signal.aborted) {
      const generation = await look();
      if (generation !== undefined && generation !== current?.generation && !stopping.signal.aborted)
        await follow(generation);
      await pause(pollIntervalMs);
    }
  }

  return {
    name: 'consumer of task events',
    async start() {
      running = run();
    },
    async stop({ graceMs }) {
      stopping.abort();
      await running;
      await current?.consumer.stop({ drainTimeoutMs: graceMs / 2 });
    },
    health: () =>
      current?.consumer.health() ?? { live: true, ready: false, reason: 'the live read model is not known yet' },
    lag: () => current?.consumer.lag() ?? [],
  };
}
