import { setTimeout } from 'node:timers/promises';
import { defineHandler } from '../task-types/handler.ts';

/** Interval of progress reports: a hundredth of the sleep, at least one second. */
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
    const report = () => progress(Math.min(1, (Date.now() - startedAtMs) / durationMs));
    const ticker = durationMs > intervalMs ? setInterval(report, intervalMs) : undefined;
    try {
      await setTimeout(Math.max(0, startedAtMs + durationMs - Date.now()), undefined, { signal });
      return input;
    } finally {
      clearInterval(ticker);
    }
  },
});
