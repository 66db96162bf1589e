/**
 * Keeps the answer to a costly question: asked once for all who want to know, and not again for a while, which is the
 * longer the more the answer cost.
 * @param minAgeMs the least time that an answer is kept
 * @param costFactor how many times as long as the question took its answer is kept at least: 10 makes the asking take
 *   at most a tenth of the time
 */
export function keepAnswer<T>(
  ask: () => Promise<T>,
  { nowMs, minAgeMs, costFactor }: { nowMs: () => number; minAgeMs: number; costFactor: number },
): () => Promise<T> {
  let asking: Promise<T> | undefined;
  let kept: { answer: T; untilMs: number } | undefined;

  async function askNow(): Promise<T> {
    const startedAtMs = nowMs();
    try {
      const answer = await ask();
      const answeredAtMs = nowMs();
      kept = { answer, untilMs: answeredAtMs + Math.max(minAgeMs, costFactor * (answeredAtMs - startedAtMs)) };
      return answer;
    } finally {
      asking = undefined;
    }
  }

  return async () => {
    if (kept !== undefined && nowMs() < kept.untilMs) return kept.answer;
    return (asking ??= askNow());
  };
}
