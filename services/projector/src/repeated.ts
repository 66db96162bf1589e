import { setTimeout as sleep } from 'node:timers/promises';
import type { Component } from '@nask/service';

/**
 * Work that is done again and again, one run at a time, from the start of a service to its stop.
 * @param run a failure is no end: it is handed to `onFailure`, and the next run has to do
 * @param intervalMs from the end of one run to the next
 */
export function repeated(options: {
  name: string;
  intervalMs: number;
  run: () => Promise<void>;
  onFailure: (error: unknown) => void;
}): Component {
  const { name, intervalMs, run, onFailure } = options;
  const stopping = new AbortController();
  let running: Promise<void> = Promise.resolve();

  async function repeat(): Promise<void> {
    while (!stopping.signal.aborted) {
      try {
        await run();
      } catch (error) {
        onFailure(error);
      }
      await sleep(intervalMs, undefined, { signal: stopping.signal }).catch(() => {});
    }
  }

  return {
    name,
    async start() {
      running = repeat();
    },
    async stop() {
      stopping.abort();
      await running;
    },
  };
}
