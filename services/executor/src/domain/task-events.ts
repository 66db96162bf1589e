import type { TaskCompleted, TaskRequested, TaskStarted } from '@nask/schemas';
import { eventId } from './event-id.ts';
import type { RunResult } from './run-result.ts';

/** One attempt at a task: its number from 1, who makes it, and when it began (ms since 1970). */
export interface Attempt {
  readonly number: number;
  readonly executor: string;
  readonly startedAtMs: number;
}

/** The event that an attempt begins. */
export function taskStarted(request: TaskRequested, attempt: Attempt): TaskStarted {
  return {
    event_id: eventId(request.task_id, 'TaskStarted', attempt.number),
    task_id: request.task_id,
    attempt: attempt.number,
    executor: attempt.executor,
    started_at: attempt.startedAtMs,
  };
}

/** The event that an attempt ended the task. */
export function taskCompleted(
  request: TaskRequested,
  attempt: Attempt,
  result: RunResult,
  completedAtMs: number,
): TaskCompleted {
  return completed(request, attempt, result, completedAtMs);
}

/** The event that a task ended before it could run: attempt 0, and no start. */
export function taskRefused(
  request: TaskRequested,
  executor: string,
  result: RunResult,
  completedAtMs: number,
): TaskCompleted {
  return completed(request, { number: 0, executor, startedAtMs: null }, result, completedAtMs);
}

function completed(
  request: TaskRequested,
  attempt: Omit<Attempt, 'startedAtMs'> & { startedAtMs: number | null },
  result: RunResult,
  completedAtMs: number,
): TaskCompleted {
  return {
    event_id: eventId(request.task_id, 'TaskCompleted', attempt.number),
    task_id: request.task_id,
    type: request.type,
    payload: request.payload,
    notify_url: request.notify_url,
    requested_at: request.requested_at,
    started_at: attempt.startedAtMs,
    completed_at: completedAtMs,
    attempt: attempt.number,
    executor: attempt.executor,
    outcome: result.outcome,
    result: result.outcome === 'SUCCESS' ? result.result : null,
    error: result.outcome === 'FAILURE' ? result.error : null,
  };
}
