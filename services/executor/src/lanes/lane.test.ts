import { describe, expect, test } from '@jest/globals';
import { handlerContext, type HandlerReport } from './lane.ts';

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

describe('what a handler tells is bounded', () => {
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
