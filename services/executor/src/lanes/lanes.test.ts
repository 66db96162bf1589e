import { describe, expect, test } from '@jest/globals';
import type { Handler } from '../task-types/handler.ts';
import { handlerContext, type HandlerReport } from './lane.ts';
import { createInlineLane } from './main-thread-lanes.ts';
import { tasksAhead } from './thread-lane.ts';

function contextAt(clock: { nowMs: number }) {
  const reports: HandlerReport[] = [];
  const context = handlerContext(
    new AbortController().signal,
    (report) => reports.push(report),
    { attempt: 2, startedAtMs: 1_000 },
    () => clock.nowMs,
  );
  return { context, reports };
}

test('a handler knows its attempt, and when that began', () => {
  expect(contextAt({ nowMs: 0 }).context).toMatchObject({ attempt: 2, startedAtMs: 1_000 });
});

describe('what a handler reports is bounded', () => {
  test('progress: at most once a second, and none in the first', () => {
    const clock = { nowMs: 5_000 };
    const { context, reports } = contextAt(clock);
    for (let ms = 0; ms <= 3_500; ms += 100) {
      clock.nowMs = 5_000 + ms;
      context.progress(ms / 10_000);
    }
    expect(reports).toEqual([0.1, 0.2, 0.3].map((fraction) => ({ kind: 'progress', fraction })));
  });

  test('progress that is not a fraction is dropped', () => {
    const clock = { nowMs: 0 };
    const { context, reports } = contextAt(clock);
    clock.nowMs = 10_000;
    for (const wrong of [-0.1, 1.1, Number.NaN, Number.POSITIVE_INFINITY]) context.progress(wrong);
    expect(reports).toEqual([]);
    context.progress(1);
    expect(reports).toHaveLength(1);
  });

  test('log lines: 100 a run, 2,000 characters each', () => {
    const { context, reports } = contextAt({ nowMs: 0 });
    context.logger.warn('x'.repeat(3_000));
    for (let line = 0; line < 200; line++) context.logger.info(`line ${line}`);
    expect(reports).toHaveLength(100);
    expect(reports[0]).toEqual({ kind: 'log', level: 'warn', message: 'x'.repeat(2_000) });
  });
});

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

test.each([
  [2, 0.2, 32],
  [2, 10, 10],
  [2, 50, 2],
  [4, 3_600_000, 4],
])('with %i threads and runs of %d ms, %i tasks start ahead', (threads, meanRunMs, ahead) => {
  expect(tasksAhead(threads, meanRunMs)).toBe(ahead);
});
