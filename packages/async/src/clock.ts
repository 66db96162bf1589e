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
