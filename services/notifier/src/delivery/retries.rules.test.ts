import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import type { AttemptResult } from '../sending/attempt-result.rules.ts';
import {
  delayIn,
  nextStep,
  retryDetails,
  retryDueMs,
  retryHeaders,
  RetryHeadersError,
  retryTopics,
  withoutRetryHeaders,
  type WebhookRetryPolicy,
} from './retries.rules.ts';

const policy: WebhookRetryPolicy = {
  tierDelaysMs: [5_000, 120_000, 1_800_000, 21_600_000],
  maxAttempts: 8,
  maxRejectedAttempts: 2,
};
const unavailable = { kind: 'unavailable', status: 503 } as const;

/** The tiers that it waits in when each attempt ends in the same way. */
function tiersOf(result: AttemptResult, rules = policy): number[] {
  const tiers: number[] = [];
  for (let attempt = 1; ; attempt += 1) {
    const next = nextStep(rules, result, attempt, 0);
    if (next.step !== 'retry') return tiers;
    tiers.push(next.tier);
  }
}

describe('how often it is tried again, and when', () => {
  test.each<[AttemptResult, number[]]>([
    [{ kind: 'accepted', status: 200 }, []],
    [{ kind: 'gone', status: 410 }, []],
    [{ kind: 'forbidden', network: 'loopback' }, []],
    [{ kind: 'rejected', status: 404 }, [1]],
    [unavailable, [1, 2, 3, 4, 4, 4, 4]],
    [{ kind: 'timeout' }, [1, 2, 3, 4, 4, 4, 4]],
    [{ kind: 'unreachable', cause: 'ECONNREFUSED' }, [1, 2, 3, 4, 4, 4, 4]],
  ])('%j: tiers %j', (result, tiers) => {
    expect(tiersOf(result)).toEqual(tiers);
  });

  test('the default schedule goes on for about a day', () => {
    const totalMs = tiersOf(unavailable).reduce((sum, tier) => sum + policy.tierDelaysMs[tier - 1]!, 0);
    expect(Math.round(totalMs / 3_600_000)).toBe(25);
  });

  test('never more for a rejection than for a receiver that is away', () => {
    expect(tiersOf({ kind: 'rejected', status: 404 }, { ...policy, maxAttempts: 3, maxRejectedAttempts: 100 })).toEqual(
      [1, 2],
    );
  });

  test('accepted is done, whichever attempt it was; anything else ends in giving up', () => {
    expect(nextStep(policy, { kind: 'accepted', status: 204 }, 8, 0)).toEqual({ step: 'done' });
    expect(nextStep(policy, unavailable, 8, 0)).toEqual({ step: 'give-up' });
    expect(nextStep(policy, { kind: 'gone', status: 410 }, 1, 0)).toEqual({ step: 'give-up' });
  });
});

describe('what the receiver asks for (Retry-After)', () => {
  test.each([
    [0, 1],
    [4_999, 1],
    [5_000, 1],
    [5_001, 2],
    [1_800_000, 3],
    [1_800_001, 4],
    [999_999_999, 4],
  ])('%i ms is rounded up to tier %i', (retryAfterMs, tier) => {
    expect(nextStep(policy, { ...unavailable, retryAfterMs }, 1, 0)).toMatchObject({ step: 'retry', tier });
  });

  test('is not heard when the schedule is longer already', () => {
    expect(nextStep(policy, { ...unavailable, retryAfterMs: 1 }, 3, 0)).toMatchObject({ tier: 3 });
  });
});

test('a delay is never shorter than its tier, and at most a tenth longer', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 9 }), fc.double({ min: 0, max: 1, noNaN: true }), (tier, random) => {
      const delay = delayIn(policy, tier, random);
      const leastMs = policy.tierDelaysMs[delay.tier - 1]!;
      expect(delay.tier).toBe(Math.min(tier, 4));
      expect(delay.delayMs).toBeGreaterThanOrEqual(leastMs);
      expect(delay.delayMs).toBeLessThanOrEqual(leastMs * 1.1);
    }),
  );
});

const details = { attempt: 2, round: 0, completionOffset: 17, dueMs: 1_795_000_000_000, sinceMs: 1, parked: 3 };

test('what a retry says of itself comes back, beside the headers of the completion', () => {
  const natural = fc.nat({ max: Number.MAX_SAFE_INTEGER });
  const any = fc.record({
    attempt: natural,
    round: natural,
    completionOffset: natural,
    dueMs: natural,
    sinceMs: natural,
    parked: natural,
  });
  fc.assert(
    fc.property(any, (one) => {
      const headers = { ce_id: 'x', traceparent: 'y', ...retryHeaders(one) };
      expect(retryDetails(headers)).toEqual(one);
      expect(withoutRetryHeaders(headers)).toEqual({ ce_id: 'x', traceparent: 'y' });
    }),
  );
});

test.each(Object.keys(retryHeaders(details)))('without %s, or with nonsense in it, it is refused by name', (name) => {
  for (const text of [undefined, '', '-1', '1.5', 'x'])
    expect(() => retryDetails({ ...retryHeaders(details), [name]: text! })).toThrow(RetryHeadersError);
  expect(() => retryDetails({ ...retryHeaders(details), [name]: 'x' })).toThrow(name);
});

describe('when a record may be handled', () => {
  const retryIn = (topic: string, dueMs: number) => ({ topic, headers: retryHeaders({ ...details, dueMs }) });

  test.each([1, 2, 3, 4])(
    'in tier %i: when it is due, or its longest delay from now where its clock is ahead',
    (tier) => {
      const longestMs = delayIn(policy, tier, 1).delayMs;
      for (const dueMs of [0, 5, 1_000 + longestMs]) {
        expect(retryDueMs(policy, retryIn(retryTopics[tier - 1]!, dueMs), 1_000)).toBe(dueMs);
      }
      expect(retryDueMs(policy, retryIn(retryTopics[tier - 1]!, 1_001 + longestMs), 1_000)).toBe(1_000 + longestMs);
    },
  );

  test('at once in another topic, and where it does not say', () => {
    expect(retryDueMs(policy, retryIn('tasks.completed', 5), 1_000)).toBe(0);
    expect(retryDueMs(policy, { topic: retryTopics[0]!, headers: {} }, 1_000)).toBe(0);
  });
});
