/** Calls of a step go together, so that what they write becomes one batch: one by one costs twice the CPU. */
const stepMs = 100;

/**
 * Spreads calls over time, in their order: at most so many a second.
 * @param nowMs a clock that does not jump
 * @returns when the call may go on, on that clock; not after now when the rate is not reached
 */
export function createPace(perSecond: number, nowMs: () => number): () => number {
  let freeAtMs = 0;
  return () => {
    const turnMs = Math.max(freeAtMs, nowMs());
    freeAtMs = turnMs + 1_000 / perSecond;
    return Math.floor(turnMs / stepMs) * stepMs;
  };
}
