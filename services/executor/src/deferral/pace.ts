import { FairGate } from '../lanes/fair-gate.ts';
import { pauseUntil } from '../tasks/time-limit.ts';

/** Calls of a step go together, so that what they write becomes one batch: one by one costs twice the CPU. */
const stepMs = 100;

/**
 * Rate limit of copies, in the order of the calls: at most `perSecond` calls and `bytesPerSecond` bytes a second. A call
 * takes its turn when the turn has come, not before.
 * @returns waits for a turn to copy the given number of bytes. It throws the signal's reason; the turn is then the next
 *   call's
 */
export function createPace({
  perSecond,
  bytesPerSecond,
}: {
  perSecond: number;
  bytesPerSecond: number;
}): (bytes: number, signal: AbortSignal) => Promise<void> {
  const nowMs = () => performance.now();
  const first = new FairGate(1);
  let freeAtMs = 0;
  return async (bytes, signal) => {
    const leave = await first.enter('', signal);
    try {
      await pauseUntil(Math.floor(freeAtMs / stepMs) * stepMs, nowMs, signal);
      freeAtMs = Math.max(freeAtMs, nowMs()) + Math.max(1_000 / perSecond, (1_000 * bytes) / bytesPerSecond);
    } finally {
      leave();
    }
  };
}
