import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { nextAttemptAtMs, timeLimitMs } from './attempt-policy.ts';

describe('after a failed attempt', () => {
  const retry = { maxAttempts: 4, baseDelayMs: 100, maxDelayMs: 300 };

  test.each([
    [1, 0, 50],
    [1, 0.5, 75],
    [2, 0, 100],
    [3, 0, 150],
    [3, 0.999, 300],
  ])('attempt %i with chance %d: the next one is due %i ms later', (attempt, random, delayMs) => {
    expect(nextAttemptAtMs({ retry }, attempt, 1_000, random)).toBe(1_000 + delayMs);
  });

  test('the last one there is none', () => {
    expect(nextAttemptAtMs({ retry }, 4, 1_000, 0)).toBeNull();
    expect(nextAttemptAtMs({ retry: { maxAttempts: 1 } }, 1, 1_000, 0)).toBeNull();
  });

  test('it is never before now, and never later than the most', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 3 }),
        fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
        (attempt, random) => {
          const delayMs = nextAttemptAtMs({ retry }, attempt, 1_000, random)! - 1_000;
          expect(delayMs).toBeGreaterThan(0);
          expect(delayMs).toBeLessThanOrEqual(300);
        },
      ),
    );
  });
});

test('the time limit is the type’s, or a lower one of the request', () => {
  expect(timeLimitMs({ timeLimitMs: 500 }, null)).toBe(500);
  expect(timeLimitMs({ timeLimitMs: 500 }, 100)).toBe(100);
  expect(timeLimitMs({ timeLimitMs: 500 }, 9_000)).toBe(500);
  expect(timeLimitMs({}, null)).toBeGreaterThan(86_400_000);
});
