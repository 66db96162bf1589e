import type { TaskAttemptFailed, TaskStarted } from '@nask/schemas';
import type { Handler, RetryPolicy } from '../task-types/handler.ts';

/** The attempt that a task is at, according to the log. */
export interface NextAttempt {
  /** The attempt to make, or to go on with, from 1. */
  readonly attempt: number;
  /** When that attempt first began, ms since 1970. Null: it has not. */
  readonly startedAtMs: number | null;
  /** Not to begin before, ms since 1970. */
  readonly dueAtMs: number;
  /** How many processes died while they ran the task. */
  readonly crashes: number;
  /** Which trial it is on, from 1; 0: none, or it has passed. */
  readonly trial: number;
}

/** Of a task with a request and no other event. */
export const firstAttempt: NextAttempt = { attempt: 1, startedAtMs: null, dueAtMs: 0, crashes: 0, trial: 0 };

/**
 * One more TaskStarted, in the order of the log. The first start of an attempt is when it began: an attempt that goes on
 * elsewhere is started again.
 */
export function afterStart(next: NextAttempt, event: TaskStarted): NextAttempt {
  const { attempt, crashes, trial } = event;
  if (attempt < next.attempt) return next;
  const isAgain = attempt === next.attempt && next.startedAtMs !== null;
  return { ...next, attempt, startedAtMs: isAgain ? next.startedAtMs : event.started_at, crashes, trial };
}

/** One more TaskAttemptFailed, after all starts: when the attempt was the latest, the next one is to be made. */
export function afterFailure(next: NextAttempt, event: TaskAttemptFailed): NextAttempt {
  if (event.attempt < next.attempt) return next;
  return { ...next, attempt: event.attempt + 1, startedAtMs: null, dueAtMs: event.next_attempt_at, trial: 0 };
}

/** How often a task may bring its process down while it is on trial; then it is given up. */
export const maxTrials = 3;

/**
 * The process that had the task died. If it was running, it may be the one that did it: it goes on trial, or fails the
 * one it was on.
 */
export function afterCrash(next: NextAttempt): NextAttempt {
  if (next.startedAtMs === null) return next;
  return { ...next, crashes: next.crashes + 1, trial: next.trial + 1 };
}

/** Whether it has failed the maximum of trials and is not run again. */
export function isGivenUp({ trial }: NextAttempt): boolean {
  return trial > maxTrials;
}

const firstTrialMs = 10;
const trialGrowth = 5;

/**
 * How long a task that waits has to go well to pass its trial: longer each time that a process died with it, so that
 * one which does its harm late is found too. 10 ms, 50 ms, 250 ms, 1.25 s ...
 */
export function trialDurationMs({ crashes }: NextAttempt): number {
  return Math.min(firstTrialMs * trialGrowth ** Math.max(0, crashes - 1), 86_400_000);
}

const defaultRetryPolicy: RetryPolicy = { maxAttempts: 5, baseDelayMs: 1_000, maxDelayMs: 60_000 };

/** The longest task takes a day. */
const defaultTimeLimitMs = 25 * 3_600_000;

/**
 * When the next attempt is due after one has failed: exponential, half of it at random ("equal jitter": Exponential
 * Backoff And Jitter, AWS Architecture Blog, 2015).
 * @param attempt the one that failed, from 1
 * @param random in [0, 1)
 * @returns ms since 1970; null when there is none
 */
export function nextAttemptAtMs(
  { retry }: Pick<Handler, 'retry'>,
  attempt: number,
  nowMs: number,
  random: number,
): number | null {
  const { maxAttempts, baseDelayMs, maxDelayMs } = { ...defaultRetryPolicy, ...retry };
  if (attempt >= maxAttempts) return null;
  const delayMs = Math.min(maxDelayMs, baseDelayMs * 2 ** (attempt - 1));
  return Math.ceil(nowMs + delayMs * (0.5 + random / 2));
}

/** How long a run may take, ms: what the type allows, or less where the request wants less. */
export function timeLimitMs({ timeLimitMs }: Pick<Handler, 'timeLimitMs'>, requestedMs: number | null): number {
  return Math.min(timeLimitMs ?? defaultTimeLimitMs, requestedMs ?? Number.POSITIVE_INFINITY);
}
