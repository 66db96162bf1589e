import { setTimeout as sleep } from 'node:timers/promises';

/** How long to wait before a retry. */
export interface Backoff {
  initialMs: number;
  maxMs: number;
}

/**
 * Exponential backoff with equal jitter: half of the doubled delay is fixed, the other half random, so that clients that
 * failed together do not retry together.
 *
 * @param attempt how many attempts have failed, from 1
 * @param random a number in [0, 1)
 */
export function backoffMs({ initialMs, maxMs }: Backoff, attempt: number, random: number): number {
  const delayMs = Math.min(maxMs, initialMs * 2 ** Math.min(attempt - 1, 30));
  return Math.round(delayMs / 2 + (delayMs / 2) * random);
}

/**
 * Repeats work until it succeeds.
 * @param options.onFailure called after each failure, with the number of failures so far: returns the delay before the
 *   next attempt in ms, or throws to end the retries
 * @throws the signal's reason when it is aborted between two attempts or in one that fails; what `onFailure` throws
 */
export async function retry<T>(
  work: () => Promise<T>,
  options: { signal?: AbortSignal; onFailure: (error: unknown, failures: number) => number },
): Promise<T> {
  const { signal, onFailure } = options;
  for (let failures = 1; ; failures += 1) {
    signal?.throwIfAborted();
    try {
      return await work();
    } catch (error) {
      signal?.throwIfAborted();
      const delayMs = onFailure(error, failures);
      await sleep(delayMs, undefined, { signal }).catch(() => {});
    }
  }
}

/** @param kind a failure of another kind than the last one is logged at once */
type LimitedWarning = (fields: object, kind?: string) => void;

/**
 * Warnings about failures that are tried again, at most one an interval: when a server is away, all that need it fail at
 * once, again and again. A line has the number of lines left out before it (`suppressed`).
 * @param options.intervalMs default 1 s
 * @param options.nowMs a clock that does not jump
 */
export function createLimitedWarning(
  logger: { warn(fields: object, message: string): void },
  message: string,
  { intervalMs = 1_000, nowMs = () => performance.now() }: { intervalMs?: number; nowMs?: () => number } = {},
): LimitedWarning {
  let last = { atMs: Number.NEGATIVE_INFINITY, kind: '' };
  let suppressed = 0;
  return (fields, kind = '') => {
    const atMs = nowMs();
    if (kind === last.kind && atMs - last.atMs < intervalMs) {
      suppressed += 1;
      return;
    }
    logger.warn({ ...fields, suppressed }, message);
    last = { atMs, kind };
    suppressed = 0;
  };
}
