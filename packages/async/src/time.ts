/**
 * Injected time, so that tests can have their own. Where time is only read, inject `nowMs: () => number` instead:
 * `Date.now`, or `performance.now` where a clock that does not jump is needed.
 */
export interface Clock {
  /** Milliseconds since 1970-01-01T00:00:00Z. */
  nowMs(): number;
  /** Runs a task once after a delay. @returns how to cancel it */
  after(delayMs: number, task: () => void): () => void;
}

export const systemClock: Clock = {
  nowMs: () => Date.now(),
  after(delayMs, task) {
    const timer = setTimeout(task, delayMs);
    return () => clearTimeout(timer);
  },
};

/** The time-out passed before the answer. The work may still complete. */
export class TimeoutError extends Error {
  override readonly name = 'TimeoutError';
  readonly code = 'TIMEOUT';

  constructor(what: string, timeoutMs: number) {
    super(`${what}: no answer within ${Math.max(0, Math.round(timeoutMs))} ms`);
  }
}

/**
 * Waits for a promise no longer than that; then rejects with a TimeoutError. The work goes on: the caller
 * has to cancel it.
 * @param what for the message: what is waited for
 */
export function within<T>(timeoutMs: number, what: string, promise: Promise<T>): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const timer = setTimeout(() => reject(new TimeoutError(what, timeoutMs)), Math.max(0, timeoutMs));
    promise.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}
