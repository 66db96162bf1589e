import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { deferralHeaders, deferralOf, deferredSinceMs, deferredUntilMs, withoutDueTime } from './deferral.rules.ts';

const timeMs = fc.integer({ min: 1, max: 4_000_000_000_000 });
const waitMs = fc.integer({ min: 1, max: 86_400_000 });

describe('a task of an unknown type', () => {
  test('fails at once where nothing is deferred', () => {
    expect(deferralOf('x', undefined, 0, 1_000)).toMatchObject({
      kind: 'give-up',
      result: { error: { code: 'unknown-task-type', message: 'No handler for the task type x.' } },
    });
  });

  test('is looked at again, at most 5 s later each time, until it has waited for its time, and then fails', () => {
    fc.assert(
      fc.property(
        waitMs,
        timeMs,
        fc.array(fc.nat({ max: 100_000 }), { maxLength: 30 }),
        (wait, firstMs, latenesses) => {
          let [nowMs, sinceMs]: [number, number | undefined] = [firstMs, undefined];
          for (const lateness of latenesses) {
            const deferral = deferralOf('x', sinceMs, wait, nowMs);
            expect(deferral.kind).toBe(nowMs - firstMs >= wait ? 'give-up' : 'defer');
            if (deferral.kind === 'give-up') return;
            expect(deferral.sinceMs).toBe(firstMs);
            expect(deferral.dueMs).toBeGreaterThan(nowMs);
            expect(deferral.dueMs).toBeLessThanOrEqual(nowMs + 5_000);
            [sinceMs, nowMs] = [deferral.sinceMs, deferral.dueMs + lateness];
          }
        },
      ),
    );
  });

  test('is due in the order in which it was deferred, whenever it was deferred first', () => {
    fc.assert(
      fc.property(waitMs, timeMs, timeMs, fc.option(timeMs, { nil: undefined }), (wait, one, other, sinceMs) => {
        const [earlier, later] = [Math.min(one, other), Math.max(one, other)];
        const [first, second] = [deferralOf('x', undefined, wait, earlier), deferralOf('x', sinceMs, wait, later)];
        if (first.kind === 'defer' && second.kind === 'defer') expect(second.dueMs).toBeGreaterThanOrEqual(first.dueMs);
      }),
    );
  });

  test('is due 5 s after its record was read at the latest, whatever the clock of its writer', () => {
    fc.assert(
      fc.property(timeMs, timeMs, (dueMs, nowMs) => {
        const until = deferredUntilMs(deferralHeaders({ sinceMs: 1, dueMs }), nowMs);
        expect(until).toBe(dueMs > nowMs + 5_000 ? nowMs + 5_000 : dueMs);
      }),
    );
  });

  test('has its times in headers; since when stays in those of the way back', () => {
    fc.assert(
      fc.property(timeMs, timeMs, (sinceMs, dueMs) => {
        const headers = { ce_id: 'e', ...deferralHeaders({ sinceMs, dueMs }) };
        expect([deferredSinceMs(headers), deferredUntilMs(headers, dueMs)]).toEqual([sinceMs, dueMs]);
        const back = withoutDueTime(headers);
        expect([back['ce_id'], deferredSinceMs(back), deferredUntilMs(back, dueMs)]).toEqual(['e', sinceMs, 0]);
      }),
    );
    for (const text of ['', '-1', '1.5', 'soon', '9'.repeat(16)])
      expect([deferredSinceMs({ 'deferred-since-ms': text }), deferredUntilMs({ 'deferred-due-ms': text }, 1)]).toEqual(
        [undefined, 0],
      );
  });
});
