import { setTimeout } from 'node:timers/promises';
import { defineHandler } from '../task-types/handler.ts';

/** How often a sleep tells how far it has come: every hundredth of it, and not more than once a second. */
const progressIntervalMs = (durationMs: number) => Math.max(1_000, durationMs / 100);

/**
 * Waits until `input` seconds after its attempt began, in whatever process that was; the result is the seconds slept. A
 * timer of Node's takes at most 2^31 - 1 ms (24.8 days) and fires at once beyond that; the schema's limit of 86,400 s is
 * far below.
 */
export default defineHandler<{ input: number }>({
  type: 'sleep',
  kind: 'wait',
  durationMs: ({ input }) => input * 1000,
  async run({ input }, { signal, progress, startedAtMs }) {
    const durationMs = input * 1000;
    const intervalMs = progressIntervalMs(durationMs);
    const tell = () => progress(Math.min(1, (Date.now() - startedAtMs) / durationMs));
    const ticker = durationMs > intervalMs ? setInterval(tell, intervalMs) : undefined;
    try {
      await setTimeout(Math.max(0, startedAtMs + durationMs - Date.now()), undefined, { signal });
      return input;
    } finally {
      clearInterval(ticker);
    }
  },
});
