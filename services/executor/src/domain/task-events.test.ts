import { describe, expect, test } from '@jest/globals';
import type { TaskRequested } from '@nask/schemas';
import { failure } from './run-result.ts';
import { taskCompleted, taskRefused, taskStarted } from './task-events.ts';

const request: TaskRequested = {
  event_id: '019ab6f0-3c5e-7d2a-9b1f-5a7e2c4d8e10',
  task_id: 4,
  type: 'prime',
  payload: '{"input":100}',
  notify_url: 'http://127.0.0.1:8000/',
  requested_at: 1_000,
};
const attempt = { number: 1, executor: 'executor-a', startedAtMs: 2_000 };

describe('the events of a task', () => {
  test('a start names task, attempt and executor', () => {
    expect(taskStarted(request, attempt)).toEqual({
      event_id: expect.any(String),
      task_id: 4,
      attempt: 1,
      executor: 'executor-a',
      started_at: 2_000,
    });
  });

  test('a completion carries the request with it, and the result', () => {
    expect(taskCompleted(request, attempt, { outcome: 'SUCCESS', result: '541' }, 3_000)).toEqual({
      event_id: expect.any(String),
      task_id: 4,
      type: 'prime',
      payload: '{"input":100}',
      notify_url: 'http://127.0.0.1:8000/',
      requested_at: 1_000,
      started_at: 2_000,
      completed_at: 3_000,
      attempt: 1,
      executor: 'executor-a',
      outcome: 'SUCCESS',
      result: '541',
      error: null,
    });
  });

  test('a failure has an error and no result', () => {
    expect(taskCompleted(request, attempt, failure('handler-failed', 'no'), 3_000)).toMatchObject({
      outcome: 'FAILURE',
      result: null,
      error: { code: 'handler-failed', message: 'no' },
    });
  });

  test('a task that is refused never started: attempt 0', () => {
    expect(taskRefused(request, 'executor-a', failure('unknown-task-type', 'no'), 3_000)).toMatchObject({
      attempt: 0,
      started_at: null,
      completed_at: 3_000,
      executor: 'executor-a',
      outcome: 'FAILURE',
    });
  });

  test('a repeat on another executor has the same event ids; another kind or attempt has not', () => {
    const again = { ...attempt, executor: 'executor-b', startedAtMs: 9_000 };
    const completion = taskCompleted(request, attempt, { outcome: 'SUCCESS', result: '541' }, 3_000);
    expect(taskStarted(request, again).event_id).toBe(taskStarted(request, attempt).event_id);
    expect(taskCompleted(request, again, failure('x', 'y'), 9_999).event_id).toBe(completion.event_id);
    expect(taskStarted(request, attempt).event_id).not.toBe(completion.event_id);
    expect(taskStarted(request, { ...attempt, number: 2 }).event_id).not.toBe(taskStarted(request, attempt).event_id);
  });
});
