import { trialDurationMs, type TaskHistory } from './next-attempt.rules.ts';

/**
 * A task that waits is on trial for a while: when that goes well it has passed, and others may stand trial beside it. A
 * computation is on trial to its end.
 * @param onPassed told when it has passed
 */
export function standTrial(history: TaskHistory, onPassed: () => void): { end(): void } {
  const timer = setTimeout(onPassed, trialDurationMs(history));
  return { end: () => clearTimeout(timer) };
}
