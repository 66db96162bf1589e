/**
 * How long to wait before the next try: exponential, with full jitter ("Exponential Backoff And Jitter", AWS
 * Architecture Blog, 2015).
 * @param failures how many tries have failed, from 1
 * @param random in [0, 1)
 * @returns ms, below `baseMs` x 2^failures and below `maxMs`
 */
export function backoffMs(failures: number, random: number, { baseMs = 50, maxMs = 1_500 } = {}): number {
  return random * Math.min(maxMs, baseMs * 2 ** failures);
}
