import { failure, type RunResult } from '../lanes/run-result.rules.ts';

/** How long a deferred task waits between two looks, where it may wait for long. */
export const maxPauseMs = 5_000;
/** Of a shorter wait, the part that a pause takes. */
const looksPerWait = 10;

/** What becomes of a task whose type this executor lacks. */
export type Deferral =
  | { readonly kind: 'defer'; readonly sinceMs: number; readonly dueMs: number }
  | { readonly kind: 'give-up'; readonly result: RunResult };

/**
 * Decides whether a task whose type this executor lacks is deferred (again) or fails. The pause between two looks is the
 * same for all tasks, so that in the log the tasks are due in the order in which they were written.
 * @param sinceMs when the task was first deferred, ms since 1970; undefined: it was not
 * @param waitMs how long a task may be deferred; 0: not at all
 */
export function deferralOf(type: string, sinceMs: number | undefined, waitMs: number, nowMs: number): Deferral {
  const deferredMs = sinceMs === undefined ? 0 : Math.max(0, nowMs - sinceMs);
  if (deferredMs >= waitMs) {
    const how = sinceMs === undefined ? '' : ` The task was deferred for ${Math.round(deferredMs / 1_000)} s.`;
    return { kind: 'give-up', result: failure('unknown-task-type', `No handler for the task type ${type}.${how}`) };
  }
  const pauseMs = Math.ceil(Math.min(maxPauseMs, waitMs / looksPerWait));
  return { kind: 'defer', sinceMs: sinceMs ?? nowMs, dueMs: nowMs + pauseMs };
}
