/** How much work may have started and still wait for its thread: about what is done while a start is acknowledged. */
const aheadMs = 50;
const maxAheadPerThread = 16;

/**
 * How many tasks may start before there is a thread for them: as many as the threads do in 50 ms, at least one and at
 * most 16 a thread. So short tasks keep the threads busy, and a start is not said long before it is true.
 */
export function tasksAhead(threads: number, meanRunMs: number): number {
  return threads * Math.min(maxAheadPerThread, Math.max(1, Math.floor(aheadMs / meanRunMs)));
}
