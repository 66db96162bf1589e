import { setTimeout as sleep } from 'node:timers/promises';

/** The longest that a timer of Node's takes. */
const maxTimerMs = 2 ** 31 - 1;

/**
 * Waits until a time of the given clock.
 * @throws the signal's reason
 */
export async function pauseUntil(timeMs: number, nowMs: () => number, signal: AbortSignal): Promise<void> {
  for (let leftMs = timeMs - nowMs(); leftMs > 0; leftMs = timeMs - nowMs()) {
    await sleep(Math.min(leftMs, maxTimerMs), undefined, { signal }).catch(() => {});
    signal.throwIfAborted();
  }
}
