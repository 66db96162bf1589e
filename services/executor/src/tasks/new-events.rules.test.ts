import { describe, expect, test } from '@jest/globals';
import { eventWithDefaults } from '@nask/schemas';
import { failure } from '../lanes/run-result.rules.ts';
import { newTaskAttemptFailed, newTaskCompleted, newTaskProgressed, newTaskStarted } from './new-events.rules.ts';

const calm = { crashes: 0, trial: 0 };

const request = eventWithDefaults('TaskRequested', {
  event_id: '019ab6f0-3c5e-7d2a-9b1f-5a7e2c4d8e10',
  task_id: 4,
  type: 'prime',
  payload: '{"input":100}',
  notify_url: 'http://127.0.0.1:8000/',
  requested_at: 1_000,
});
const attempt = { number: 1, executor: 'executor-a', startedAtMs: 2_000 };

describe('the events of a task', () => {
  test('a start names task, attempt and executor', () => {
    expect(newTaskStarted(request, attempt, calm, 1_500)).toEqual({
      event_id: expect.any(String),
      task_id: 4,
      attempt: 1,
      executor: 'executor-a',
      started_at: 2_000,
      crashes: 0,
      trial: 0,
      taken_at: 1_500,
    });
  });

  test('a completion carries the request with it, and the result', () => {
    expect(newTaskCompleted(request, attempt, { outcome: 'SUCCESS', result: '541' }, 3_000)).toEqual({
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
      include_result: true,
      run_at: null,
    });
  });

  test('a completion says of the webhook and of the time what the request says', () => {
    const asked = { ...request, include_result: false, run_at: 1_500 };
    expect(newTaskCompleted(asked, attempt, { outcome: 'SUCCESS', result: '541' }, 3_000)).toMatchObject({
      result: '541',
      include_result: false,
      run_at: 1_500,
    });
  });

  test('a failure has an error and no result', () => {
    expect(newTaskCompleted(request, attempt, failure('handler-failed', 'no'), 3_000)).toMatchObject({
      outcome: 'FAILURE',
      result: null,
      error: { code: 'handler-failed', message: 'no', causes: [] },
    });
  });

  test('a task that is refused never started: attempt 0', () => {
    const none = { number: 0, executor: 'executor-a', startedAtMs: null };
    expect(newTaskCompleted(request, none, failure('unknown-task-type', 'no'), 3_000)).toMatchObject({
      attempt: 0,
      started_at: null,
      completed_at: 3_000,
      executor: 'executor-a',
      outcome: 'FAILURE',
    });
  });

  test('a cancelled task has neither result nor error', () => {
    const revoked = newTaskCompleted(request, attempt, { outcome: 'REVOKED' }, 3_000);
    expect(revoked).toMatchObject({ outcome: 'REVOKED', result: null, error: null, attempt: 1, started_at: 2_000 });
  });

  test('a failed attempt says when the next one is due', () => {
    const error = { code: 'busy', message: 'not yet', causes: [{ name: 'Error', message: 'reset' }] };
    expect(newTaskAttemptFailed(request, attempt, error, { failedAtMs: 3_000, nextAttemptAtMs: 4_000 })).toEqual({
      event_id: expect.any(String),
      task_id: 4,
      attempt: 1,
      executor: 'executor-a',
      error,
      failed_at: 3_000,
      next_attempt_at: 4_000,
    });
  });

  test('each progress is an event of its own', () => {
    const half = newTaskProgressed(request, attempt, 0.5, 3_000);
    expect(half).toMatchObject({ task_id: 4, attempt: 1, fraction: 0.5, progressed_at: 3_000 });
    expect(newTaskProgressed(request, attempt, 0.6, 4_000).event_id).not.toBe(half.event_id);
  });

  test('a repeat on another executor has the same event ids; another kind or attempt has not', () => {
    const again = { ...attempt, executor: 'executor-b', startedAtMs: 9_000 };
    const completion = newTaskCompleted(request, attempt, { outcome: 'SUCCESS', result: '541' }, 3_000);
    expect(newTaskStarted(request, again, { crashes: 1, trial: 1 }, 8_000).event_id).toBe(
      newTaskStarted(request, attempt, calm, 1_500).event_id,
    );
    expect(newTaskCompleted(request, again, failure('x', 'y'), 9_999).event_id).toBe(completion.event_id);
    expect(newTaskStarted(request, attempt, calm, 1_500).event_id).not.toBe(completion.event_id);
    expect(newTaskStarted(request, { ...attempt, number: 2 }, calm, 1_500).event_id).not.toBe(
      newTaskStarted(request, attempt, calm, 1_500).event_id,
    );
  });
});
