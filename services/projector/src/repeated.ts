import { setTimeout as sleep } from 'node:timers/promises';
import type { Component } from '@nask/service';

/**
 * Work that is repeated, one run at a time, from the start of a service to its stop.
 * @param options.run gets a signal that fires at the stop; after a failure (`onFailure`) the next run follows as usual
 * @param options.intervalMs from the end of one run to the next
 */
export function repeated(options: {
  name: string;
  intervalMs: number;
  run: (signal: AbortSignal) => Promise<void>;
  onFailure: (error: unknown) => void;
}): Component & { stop(): Promise<void> } {
  const { name, intervalMs, run, onFailure } = options;
  const stopping = new AbortController();
  const { signal } = stopping;
  let running: Promise<void> = Promise.resolve();

  async function repeat(): Promise<void> {
    while (!signal.aborted) {
      try {
        await run(signal);
      } catch (error) {
        onFailure(error);
      }
      await sleep(intervalMs, undefined, { signal }).catch(() => {});
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
