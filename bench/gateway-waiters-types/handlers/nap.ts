import { setTimeout } from 'node:timers/promises';
import { defineHandler } from '../../../services/executor/src/task-types/handler.ts';

export default defineHandler<{ input: number }>({
  type: 'nap',
  kind: 'wait',
  durationMs: ({ input }) => input * 1000,
  async run({ input }, { signal }) {
    await setTimeout(input * 1000, undefined, { signal });
    return input;
  },
});
