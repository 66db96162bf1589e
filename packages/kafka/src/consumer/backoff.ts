/** How long to wait before a retry. */
export interface Backoff {
  initialMs: number;
  maxMs: number;
}

/**
 * Exponential backoff with equal jitter: half of the doubled delay for certain, the other half by chance, so that many
 * that failed together do not come back together.
 *
 * @param attempt how many attempts have failed, from 1
 * @param random a number in [0, 1)
 */
export function backoffMs({ initialMs, maxMs }: Backoff, attempt: number, random: number): number {
  const delayMs = Math.min(maxMs, initialMs * 2 ** Math.min(attempt - 1, 30));
  return Math.round(delayMs / 2 + (delayMs / 2) * random);
}
