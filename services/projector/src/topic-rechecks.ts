import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from '@nask/kafka';

/**
 * Compares the topics with what they were every few seconds, one question at a time. When Kafka does not answer the next
 * time has to do: nothing can be read of it meanwhile.
 */
export function createTopicRechecks(options: {
  recheck: () => Promise<void>;
  logger: Pick<Logger, 'debug'>;
  intervalMs?: number;
}) {
  const { recheck, logger, intervalMs = 5_000 } = options;
  const stopping = new AbortController();
  let running: Promise<void> = Promise.resolve();

  async function run(): Promise<void> {
    while (!stopping.signal.aborted) {
      await recheck().catch((error: unknown) => logger.debug({ err: error }, 'the topics could not be compared'));
      await sleep(intervalMs, undefined, { signal: stopping.signal }).catch(() => {});
    }
  }

  return {
    name: 'topic rechecks',
    async start() {
      running = run();
    },
    async stop() {
      stopping.abort();
      await running;
    },
  };
}
