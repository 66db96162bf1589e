import { setTimeout as delay } from 'node:timers/promises';

/**
 * Repeats an assertion until it holds: for what has no signal to wait for (a document that appears, a metric).
 * @param options.timeoutMs after which the last failure is thrown
 * @returns what the assertion returned
 */
export async function eventually<T>(
  assertion: () => T | Promise<T>,
  { timeoutMs = 30_000, intervalMs = 50 }: { timeoutMs?: number; intervalMs?: number } = {},
): Promise<T> {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    try {
      return await assertion();
    } catch (error) {
      if (performance.now() >= deadline) {
        throw new Error(`not so within ${timeoutMs / 1000} s: ${(error as Error).message}`, { cause: error });
      }
      await delay(intervalMs);
    }
  }
}
