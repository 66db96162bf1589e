import { describe, expect, test } from '@jest/globals';
import type { Handler } from '../task-types/handler.ts';
import { createInlineLane } from './main-thread-lanes.ts';

const never = new AbortController().signal;
const work = (run: Handler['run'], signal = never) => ({
  handler: { type: 'x', kind: 'compute' as const, run },
  payload: {},
  signal,
  attempt: 1,
  startedAtMs: 0,
  onBegin: () => {},
  onReport: () => {},
});

describe('tiny computations in the main thread', () => {
  test('the event loop goes on between slices of them', async () => {
    const lane = createInlineLane();
    let turns = 0;
    let runs = 0;
    const busyMs = 3;
    const spin = () => {
      runs += 1;
      for (const end = performance.now() + busyMs; performance.now() < end;);
      return turns;
    };
    const all = Promise.all(Array.from({ length: 10 }, () => lane.run(work(spin))));
    expect(runs).toBe(0);
    const countTurns = () => {
      turns += 1;
      if (runs < 10) setImmediate(countTurns);
    };
    setImmediate(countTurns);
    const results = (await all).map((result) => (result.outcome === 'SUCCESS' ? Number(result.result) : -1));
    expect(results).toHaveLength(10);
    expect(results.at(-1)).toBeGreaterThan(2);
  });

  test('they run in their order, each with its own result; one that fails holds up none', async () => {
    const lane = createInlineLane();
    const order: number[] = [];
    const results = await Promise.all(
      [0, 1, 2].map((i) =>
        lane.run(
          work(() => {
            order.push(i);
            if (i === 1) throw new Error('no');
            return i;
          }),
        ),
      ),
    );
    expect(order).toEqual([0, 1, 2]);
    expect(results.map(({ outcome }) => outcome)).toEqual(['SUCCESS', 'FAILURE', 'SUCCESS']);
    expect(lane.load()).toEqual({ entered: 0, waiting: 0 });
  });

  test('one that is aborted before its turn does not run', async () => {
    const lane = createInlineLane();
    const controller = new AbortController();
    let runs = 0;
    const outcome = expect(lane.run(work(() => (runs += 1), controller.signal))).rejects.toThrow('enough');
    controller.abort(new Error('enough'));
    await outcome;
    expect(runs).toBe(0);
  });
});
