/**
 * Whether one more is within so many a second, as a token bucket that holds a second's worth.
 * @param nowMs a clock that does not jump
 */
export function createRateLimit(perSecond: number, nowMs = () => performance.now()): () => boolean {
  let tokens = perSecond;
  let filledMs = nowMs();
  return () => {
    const now = nowMs();
    tokens = Math.min(perSecond, tokens + ((now - filledMs) / 1_000) * perSecond);
    filledMs = now;
    if (tokens < 1) return false;
    tokens -= 1;
    return true;
  };
}
