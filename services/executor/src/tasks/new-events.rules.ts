import {
  derivedEventId,
  type TaskAttemptFailed,
  type TaskCompleted,
  type TaskError,
  type TaskProgressed,
  type TaskRequested,
  type TaskStarted,
} from '@nask/schemas';
import type { TaskEnd } from '../lanes/run-result.rules.ts';
import type { NextAttempt } from './next-attempt.rules.ts';

/** One attempt at a task: its number from 1, who makes it, and when it began (ms since 1970; null: it never ran). */
export interface Attempt {
  readonly number: number;
  readonly executor: string;
  readonly startedAtMs: number | null;
}

/**
 * The event that an attempt begins, or goes on here.
 * @param takenAtMs when this process took the task from Kafka, ms since 1970
 */
export function newTaskStarted(
  { task_id }: TaskRequested,
  attempt: Attempt & { startedAtMs: number },
  { crashes, trial }: Pick<NextAttempt, 'crashes' | 'trial'>,
  takenAtMs: number,
): TaskStarted {
  return {
    event_id: derivedEventId('TaskStarted', task_id, attempt.number),
    task_id,
    attempt: attempt.number,
    executor: attempt.executor,
    started_at: attempt.startedAtMs,
    crashes,
    trial,
    taken_at: takenAtMs,
  };
}

/** The event that an attempt failed and another will be made. */
export function newTaskAttemptFailed(
  { task_id }: TaskRequested,
  { number, executor }: Attempt,
  error: TaskError,
  { failedAtMs, nextAttemptAtMs }: { failedAtMs: number; nextAttemptAtMs: number },
): TaskAttemptFailed {
  return {
    event_id: derivedEventId('TaskAttemptFailed', task_id, number),
    task_id,
    attempt: number,
    executor,
    error,
    failed_at: failedAtMs,
    next_attempt_at: nextAttemptAtMs,
  };
}

/** The event that an attempt has come some way. */
export function newTaskProgressed(
  { task_id }: TaskRequested,
  { number, executor }: Attempt,
  fraction: number,
  progressedAtMs: number,
): TaskProgressed {
  return {
    event_id: derivedEventId('TaskProgressed', task_id, number, progressedAtMs),
    task_id,
    attempt: number,
    executor,
    fraction,
    progressed_at: progressedAtMs,
  };
}

/** The event that a task ended, with an attempt or (attempt 0) before any. */
export function newTaskCompleted(
  request: TaskRequested,
  attempt: Attempt,
  end: TaskEnd,
  completedAtMs: number,
): TaskCompleted {
  return {
    event_id: derivedEventId('TaskCompleted', request.task_id, attempt.number),
    task_id: request.task_id,
    type: request.type,
    payload: request.payload,
    notify_url: request.notify_url,
    requested_at: request.requested_at,
    started_at: attempt.startedAtMs,
    completed_at: completedAtMs,
    attempt: attempt.number,
    executor: attempt.executor,
    outcome: end.outcome,
    result: end.outcome === 'SUCCESS' ? end.result : null,
    error: end.outcome === 'FAILURE' ? end.error : null,
    include_result: request.include_result,
    run_at: request.run_at,
  };
}
