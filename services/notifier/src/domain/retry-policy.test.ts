import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import type { AttemptResult } from './attempt-result.ts';
import { nextStep, type RetryPolicy } from './retry-policy.ts';

const policy: RetryPolicy = { delaysMs: [1000, 5000], maxRejectedAttempts: 2, maxRetryAfterMs: 60_000 };

const unavailable = { kind: 'unavailable', status: 503 } as const;

/** How many attempts are made when each one ends in the same way. */
function attemptsOf(result: AttemptResult, rules = policy): number {
  let attempt = 1;
  while (nextStep(rules, result, attempt, 0).step === 'retry') attempt += 1;
  return attempt;
}

describe('how many attempts are made', () => {
  test.each<[AttemptResult, number]>([
    [{ kind: 'accepted', status: 200 }, 1],
    [{ kind: 'gone', status: 410 }, 1],
    [{ kind: 'forbidden', network: 'loopback' }, 1],
    [{ kind: 'rejected', status: 404 }, 2],
    [unavailable, 3],
    [{ kind: 'timeout' }, 3],
    [{ kind: 'unreachable', cause: 'ECONNREFUSED' }, 3],
  ])('%j: %i', (result, attempts) => {
    expect(attemptsOf(result)).toBe(attempts);
  });

  test('never more for a rejection than for a receiver that is away', () => {
    expect(attemptsOf({ kind: 'rejected', status: 404 }, { ...policy, maxRejectedAttempts: 100 })).toBe(3);
  });

  test('one when there are no delays', () => {
    expect(attemptsOf(unavailable, { ...policy, delaysMs: [] })).toBe(1);
  });

  test('accepted is done, whichever attempt it was; anything else ends in giving up', () => {
    expect(nextStep(policy, { kind: 'accepted', status: 204 }, 3, 0)).toEqual({ step: 'done' });
    expect(nextStep(policy, unavailable, 3, 0)).toEqual({ step: 'give-up' });
    expect(nextStep(policy, { kind: 'gone', status: 410 }, 1, 0)).toEqual({ step: 'give-up' });
  });
});

describe('when the next attempt is made', () => {
  test('after the delay of its turn', () => {
    expect(nextStep(policy, unavailable, 1, 0)).toEqual({ step: 'retry', delayMs: 1000 });
    expect(nextStep(policy, unavailable, 2, 0)).toEqual({ step: 'retry', delayMs: 5000 });
  });

  test('after what the receiver asks for, if that is longer, within the bound', () => {
    const asked = (retryAfterMs: number) => nextStep(policy, { ...unavailable, retryAfterMs }, 1, 0);
    expect(asked(10)).toEqual({ step: 'retry', delayMs: 1000 });
    expect(asked(7000)).toEqual({ step: 'retry', delayMs: 7000 });
    expect(asked(3_600_000)).toEqual({ step: 'retry', delayMs: 60_000 });
  });

  test('never earlier, and at most a tenth later', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 1e7 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        fc.integer({ min: 1, max: 2 }),
        (retryAfterMs, random, attempt) => {
          const due = Math.max(policy.delaysMs[attempt - 1] ?? 0, Math.min(retryAfterMs, policy.maxRetryAfterMs));
          const next = nextStep(policy, { ...unavailable, retryAfterMs }, attempt, random);
          const delayMs = next.step === 'retry' ? next.delayMs : Number.NaN;
          expect(delayMs).toBeGreaterThanOrEqual(due);
          expect(delayMs).toBeLessThanOrEqual(Math.ceil(due * 1.1));
        },
      ),
    );
  });
});
