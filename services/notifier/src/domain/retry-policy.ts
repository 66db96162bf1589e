import type { AttemptResult } from './attempt-result.ts';

export interface RetryPolicy {
  /** How long to wait before the second attempt, the third, and so on, in milliseconds. One more attempt than entries. */
  delaysMs: readonly number[];
  /** How many attempts in all are made when the receiver rejects (3xx, 4xx). */
  maxRejectedAttempts: number;
  /** A receiver that asks by Retry-After for more than this is asked again after this, in milliseconds. */
  maxRetryAfterMs: number;
}

export type NextStep = { step: 'done' } | { step: 'give-up' } | { step: 'retry'; delayMs: number };

const maxJitter = 0.1;

/**
 * What follows from an attempt.
 * @param attempt which one it was, from 1
 * @param random from 0 to 1: spreads retries over up to a tenth more than their delay, never less
 */
export function nextStep(policy: RetryPolicy, result: AttemptResult, attempt: number, random: number): NextStep {
  if (result.kind === 'accepted') return { step: 'done' };
  const plannedMs = policy.delaysMs[attempt - 1];
  if (plannedMs === undefined || attempt >= maxAttempts(policy, result)) return { step: 'give-up' };
  const delayMs = Math.max(plannedMs, requestedDelayMs(policy, result));
  return { step: 'retry', delayMs: Math.round(delayMs * (1 + maxJitter * random)) };
}

function maxAttempts(policy: RetryPolicy, { kind }: AttemptResult): number {
  switch (kind) {
    case 'gone':
    case 'forbidden':
      return 1;
    case 'rejected':
      return policy.maxRejectedAttempts;
    default:
      return policy.delaysMs.length + 1;
  }
}

function requestedDelayMs(policy: RetryPolicy, result: AttemptResult): number {
  if (result.kind !== 'unavailable' || result.retryAfterMs === undefined) return 0;
  return Math.min(result.retryAfterMs, policy.maxRetryAfterMs);
}
