import type { TaskAttemptFailed, TaskStarted } from '@nask/schemas';

/** Where a task stands, as far as the log says: what is to be done next with it. */
export interface TaskHistory {
  /** The attempt to make, or to go on with, from 1. */
  readonly attempt: number;
  /** When that attempt first began, ms since 1970. Null: it has not. */
  readonly startedAtMs: number | null;
  /** Not to begin before, ms since 1970. */
  readonly dueAtMs: number;
  /** How many processes died while they ran it. */
  readonly crashes: number;
  /** Which trial it is on, from 1; 0: none, or it has passed. */
  readonly trial: number;
}

/** Of a task that the log says nothing of but its request. */
export const newTask: TaskHistory = { attempt: 1, startedAtMs: null, dueAtMs: 0, crashes: 0, trial: 0 };

/**
 * One more TaskStarted, in the order of the log. The first start of an attempt is when it began: an attempt that goes on
 * elsewhere is started again.
 */
export function afterStart(history: TaskHistory, event: TaskStarted): TaskHistory {
  const { attempt, crashes, trial } = event;
  if (attempt < history.attempt) return history;
  const isAgain = attempt === history.attempt && history.startedAtMs !== null;
  return { ...history, attempt, startedAtMs: isAgain ? history.startedAtMs : event.started_at, crashes, trial };
}

/** One more TaskAttemptFailed, after all starts: when the attempt was the latest, the next one is to be made. */
export function afterFailure(history: TaskHistory, event: TaskAttemptFailed): TaskHistory {
  if (event.attempt < history.attempt) return history;
  return { ...history, attempt: event.attempt + 1, startedAtMs: null, dueAtMs: event.next_attempt_at, trial: 0 };
}

/** How often a task may bring its process down while it is on trial; then it is given up. */
export const maxTrials = 3;

/**
 * The process that had the task died. If it was running, it may be the one that did it: it goes on trial, or fails the
 * one it was on.
 */
export function afterCrash(history: TaskHistory): TaskHistory {
  if (history.startedAtMs === null) return history;
  return { ...history, crashes: history.crashes + 1, trial: history.trial + 1 };
}

/** Whether it has failed so many trials that it is not run any more. */
export function isGivenUp({ trial }: TaskHistory): boolean {
  return trial > maxTrials;
}

const firstTrialMs = 10;
const trialGrowth = 5;

/**
 * How long a task that waits has to go well to pass its trial: longer each time that a process died with it, so that
 * one which does its harm late is found too. 10 ms, 50 ms, 250 ms, 1.25 s ...
 */
export function trialDurationMs({ crashes }: TaskHistory): number {
  return Math.min(firstTrialMs * trialGrowth ** Math.max(0, crashes - 1), 86_400_000);
}
