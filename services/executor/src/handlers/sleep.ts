import { setTimeout } from 'node:timers/promises';
import { defineHandler } from '../domain/handler.ts';

/**
 * Waits `input` seconds; the result is the seconds slept. A timer of Node's takes at most 2^31 - 1 ms (24.8 days) and
 * fires at once beyond that; the schema's limit of 86,400 s is far below.
 */
export default defineHandler<{ input: number }>({
  type: 'sleep',
  kind: 'wait',
  durationMs: ({ input }) => input * 1000,
  async run({ input }, { signal }) {
    await setTimeout(input * 1000, undefined, { signal });
    return input;
  },
});
