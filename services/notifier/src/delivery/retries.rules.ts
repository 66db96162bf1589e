import type { AttemptResult } from '../sending/attempt-result.rules.ts';

export interface RetryPolicy {
  /** The delay of each tier, in milliseconds, ascending. The last one is repeated. */
  tierDelaysMs: readonly number[];
  /** Attempts in all. */
  maxAttempts: number;
  /** Attempts in all when the receiver rejects (3xx, 4xx). */
  maxRejectedAttempts: number;
}

export type NextStep = { step: 'done' } | { step: 'give-up' } | ({ step: 'retry' } & Delay);

export interface Delay {
  /** From 1, the shortest. */
  tier: number;
  delayMs: number;
}

const maxJitter = 0.1;

/**
 * What follows from an attempt. The next one is in the tier of its number, or in a longer one when the receiver asks for
 * that (Retry-After, rounded up to a tier; the longest tier is the most that it gets).
 * @param attempt which one it was, from 1
 * @param random from 0 to 1
 */
export function nextStep(policy: RetryPolicy, result: AttemptResult, attempt: number, random: number): NextStep {
  if (result.kind === 'accepted') return { step: 'done' };
  if (attempt >= maxAttempts(policy, result)) return { step: 'give-up' };
  const planned = Math.min(attempt, policy.tierDelaysMs.length);
  return { step: 'retry', ...delayIn(policy, Math.max(planned, requestedTier(policy, result)), random) };
}

/**
 * The delay of a tier, lengthened by up to a tenth, never shortened.
 * @param random from 0 to 1: spreads what failed together
 */
export function delayIn({ tierDelaysMs }: RetryPolicy, tier: number, random: number): Delay {
  const within = Math.min(tier, tierDelaysMs.length);
  return { tier: within, delayMs: Math.floor(tierDelaysMs[within - 1]! * (1 + maxJitter * random)) };
}

function maxAttempts(policy: RetryPolicy, { kind }: AttemptResult): number {
  switch (kind) {
    case 'gone':
    case 'forbidden':
      return 1;
    case 'rejected':
      return Math.min(policy.maxRejectedAttempts, policy.maxAttempts);
    default:
      return policy.maxAttempts;
  }
}

function requestedTier({ tierDelaysMs }: RetryPolicy, result: AttemptResult): number {
  const waitMs = result.kind === 'unavailable' ? (result.retryAfterMs ?? 0) : 0;
  const fitting = tierDelaysMs.findIndex((delayMs) => delayMs >= waitMs);
  return fitting < 0 ? tierDelaysMs.length : fitting + 1;
}
