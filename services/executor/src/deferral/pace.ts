import { FairGate } from '../lanes/fair-gate.ts';
import { pauseUntil } from '../tasks/held-task.ts';

/** Calls of a step go together, so that what they write becomes one batch: one by one costs twice the CPU. */
const stepMs = 100;

/**
 * Waits for a turn.
 * @param bytes of what is done in it
 * @throws the signal's reason; the turn is then the next one's
 */
export type Pace = (bytes: number, signal: AbortSignal) => Promise<void>;

/**
 * Rate limit in the order of the calls: at most `perSecond` calls and `bytesPerSecond` bytes a second. A call takes its turn when the
 * turn has come, not before.
 * @param nowMs a clock that does not jump
 */
export function createPace(
  { perSecond, bytesPerSecond }: { perSecond: number; bytesPerSecond: number },
  nowMs: () => number = () => performance.now(),
): Pace {
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
