import type { Handler, RetryPolicy } from '../task-types/handler.ts';

const defaultRetryPolicy: RetryPolicy = { maxAttempts: 5, baseDelayMs: 1_000, maxDelayMs: 60_000 };

/** The longest task takes a day. */
const defaultTimeLimitMs = 25 * 3_600_000;

/**
 * When the next attempt is due after one has failed: exponential, half of it at random ("equal jitter": Exponential
 * Backoff And Jitter, AWS Architecture Blog, 2015).
 * @param attempt the one that failed, from 1
 * @param random in [0, 1)
 * @returns ms since 1970; null when there is none
 */
export function nextAttemptAtMs(
  { retry }: Pick<Handler, 'retry'>,
  attempt: number,
  nowMs: number,
  random: number,
): number | null {
  const { maxAttempts, baseDelayMs, maxDelayMs } = { ...defaultRetryPolicy, ...retry };
  if (attempt >= maxAttempts) return null;
  const delayMs = Math.min(maxDelayMs, baseDelayMs * 2 ** (attempt - 1));
  return Math.ceil(nowMs + delayMs * (0.5 + random / 2));
}

/** How long a run may take, ms: what the type allows, or less where the request wants less. */
export function timeLimitMs({ timeLimitMs }: Pick<Handler, 'timeLimitMs'>, requestedMs: number | null): number {
  return Math.min(timeLimitMs ?? defaultTimeLimitMs, requestedMs ?? Number.POSITIVE_INFINITY);
}
