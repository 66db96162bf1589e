import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { createRateLimit } from './client-access.ts';

describe('a rate limit', () => {
  test('counts down, refuses what is too much without counting it, and begins anew after its window', () => {
    const limit = createRateLimit({ requests: 3, windowS: 10 });
    expect(limit.take('a', 1, 0)).toEqual({ isWithin: true, remaining: 2, resetS: 10 });
    expect(limit.take('a', 3, 4_001)).toEqual({ isWithin: false, remaining: 2, resetS: 6 });
    expect(limit.take('a', 2, 9_999)).toEqual({ isWithin: true, remaining: 0, resetS: 1 });
    expect(limit.take('a', 1, 9_999)).toEqual({ isWithin: false, remaining: 0, resetS: 1 });
    expect(limit.take('a', 1, 10_000)).toEqual({ isWithin: true, remaining: 2, resetS: 10 });
  });

  test('counts each client for itself', () => {
    const limit = createRateLimit({ requests: 1, windowS: 10 });
    expect(limit.take('a', 1, 0).isWithin).toBe(true);
    expect(limit.take('b', 1, 0).isWithin).toBe(true);
    expect(limit.take('a', 1, 0).isWithin).toBe(false);
  });

  test('never lets more pass within a window than the quota, and what it says is left does pass', () => {
    const step = fc.record({ passMs: fc.nat(3_000), count: fc.integer({ min: 1, max: 4 }) });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 50 }), (steps) => {
        const limit = createRateLimit({ requests: 5, windowS: 2 });
        let nowMs = 0;
        let window = { endsAtMs: 0, passed: 0 };
        for (const { passMs, count } of steps) {
          nowMs += passMs;
          if (window.endsAtMs <= nowMs) window = { endsAtMs: nowMs + 2_000, passed: 0 };
          const { isWithin, remaining } = limit.take('a', count, nowMs);
          expect(isWithin).toBe(window.passed + count <= 5);
          if (isWithin) window.passed += count;
          expect(remaining).toBe(5 - window.passed);
        }
      }),
    );
  });
});
