import { describe, expect, test } from '@jest/globals';
import { eventIn } from '../fixtures/task-events.ts';
import type { TaskEvent } from './event.ts';
import { impossibility } from './index.ts';

const requestFields = { event_id: 'e', task_id: 4, type: 'prime', payload: '{"input":1}', requested_at: 0 };
const attempt = { event_id: 'e', task_id: 4, attempt: 1, executor: 'x' };

const request = (change: object = {}): TaskEvent => eventIn('tasks.requested', { ...requestFields, ...change });
const scheduled = (change: object): TaskEvent => eventIn('tasks.scheduled', { ...requestFields, ...change });
const completion = (change: object = {}): TaskEvent => {
  const end = { ...requestFields, ...attempt, completed_at: 0, outcome: 'SUCCESS', result: '2' } as const;
  return eventIn('tasks.completed', { ...end, ...change });
};
const start = (change: object = {}): TaskEvent => eventIn('tasks.started', { ...attempt, started_at: 0, ...change });
const progress = (change: object = {}): TaskEvent =>
  eventIn('tasks.progressed', { ...attempt, fraction: 0.5, progressed_at: 0, ...change });
const failedAttempt = (change: object = {}): TaskEvent => {
  const error = { code: 'c', message: 'm', causes: [] };
  return eventIn('tasks.attempt-failed', { ...attempt, error, failed_at: 0, next_attempt_at: 1, ...change });
};
const cancellation = (change: object = {}): TaskEvent =>
  eventIn('tasks.cancellation-requested', { event_id: 'e', task_id: 4, requested_at: 0, ...change });

describe('events that cannot be true', () => {
  test.each([
    ['a request', request()],
    ['a start', start()],
    ['an end with a result', completion()],
    ['an end without a result', completion({ result: null, outcome: 'REVOKED' })],
    ['a progress', progress()],
    ['a failed attempt', failedAttempt()],
    ['a cancellation', cancellation()],
    ['a time at the edge', start({ started_at: 253_402_300_799_999 })],
  ])('given %s that keeps the contract, then there is nothing to say', (_what, event) => {
    expect(impossibility(event, '4')).toBeUndefined();
  });

  test.each([
    ['another key', request(), '5', /key is "5", its task_id is 4/],
    ['no key', request(), null, /key is null, its task_id is 4/],
    ['a key that is the number in another form', request(), '04', /key is "04"/],
    ['the id 0', request({ task_id: 0 }), '0', /task_id is 0/],
    ['a payload that is not JSON', request({ payload: '{input:1}' }), '4', /^payload is not JSON text/],
    [
      'a time in the year 10000',
      request({ requested_at: 253_402_300_800_000 }),
      '4',
      /^requested_at is 253402300800000/,
    ],
    ['a time to run at such a time', request({ run_at: 9e15 }), '4', /^run_at is/],
    ['an expiry at such a time', request({ expires_at: 9e15 }), '4', /^expires_at is/],
    ['a request in tasks.scheduled at such a time', scheduled({ run_at: 9e15 }), '4', /^run_at is/],
    ['an end with a time to run at such a time', completion({ run_at: 9e15 }), '4', /^run_at is/],
    ['a start that was taken at such a time', start({ taken_at: 9e15 }), '4', /^taken_at is/],
    ['a start before the year 1', start({ started_at: -62_135_596_800_001 }), '4', /^started_at is/],
    ['an end that no date has', completion({ completed_at: 9e15 }), '4', /^completed_at is/],
    ['a progress over 1', progress({ fraction: 1.1 }), '4', /^fraction is 1.1/],
    ['a progress that is no number', progress({ fraction: Number.NaN }), '4', /^fraction is NaN/],
    ['a next attempt at such a time', failedAttempt({ next_attempt_at: 9e15 }), '4', /^next_attempt_at is/],
    ['a cancellation at such a time', cancellation({ requested_at: 9e15 }), '4', /^requested_at is/],
    ['a result that is not JSON', completion({ result: '' }), '4', /^result is not JSON text/],
  ])('given %s, then the reason names the field', (_what, event, key, reason) => {
    expect(impossibility(event, key)).toMatch(reason);
  });

  test('given a key of any length, then the reason is short', () => {
    expect(impossibility(request(), 'k'.repeat(1_000_000))?.length).toBeLessThan(200);
  });
});
