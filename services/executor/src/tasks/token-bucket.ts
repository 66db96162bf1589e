/**
 * Token bucket: whether one more call is within a rate.
 * @param burst how many calls the bucket holds. Default: those of one second
 * @param nowMs a clock that does not jump
 */
export function createTokenBucket(
  perSecond: number,
  burst = perSecond,
  nowMs: () => number = () => performance.now(),
): () => boolean {
  let tokens = burst;
  let filledMs = nowMs();
  return () => {
    const now = nowMs();
    tokens = Math.min(burst, tokens + ((now - filledMs) / 1_000) * perSecond);
    filledMs = now;
    if (tokens < 1) return false;
    tokens -= 1;
    return true;
  };
}
