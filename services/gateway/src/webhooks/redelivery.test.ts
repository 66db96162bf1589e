import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { OutcomeTooLargeError, TaskNotFoundError, UnavailableError } from '../errors.ts';
import { documentOf, expectProblem, startApi, type ApiUnderTest } from '../fixtures/api-under-test.ts';
import { redeliveryOf } from './redeliver-outcome.ts';

const completed = {
  offset: 7,
  event_id: 'c',
  attempt: 1,
  executor: 'x',
  outcome: 'SUCCESS' as const,
  result: '541',
  error: null,
  completed_at: new Date(13),
};
let api: ApiUnderTest;
let asked: ReturnType<typeof redeliveryOf>[];

beforeEach(async () => {
  asked = [];
  api = await startApi();
  api.operations.redeliver = async (document) =>
    void asked.push(redeliveryOf(document, { eventId: 'e', nowMs: 99, requestedBy: 'desk' }));
});
afterEach(() => api.stop());

describe('POST /api/tasks/{id}/notifications', () => {
  test('asks for the outcome to be sent again, with all of it', async () => {
    api.operations.find = async (id) => ({ ...documentOf(id), status: 'SUCCESS', completed });
    const answer = await api.call('POST', '/api/tasks/4/notifications');
    expect([answer.status, answer.text, answer.headers['location']]).toEqual([202, '{"requested":1}', '/api/tasks/4']);
    expect(asked).toEqual([
      {
        event_id: 'e',
        task_id: 4,
        redelivery_requested_at: 99,
        completion_offset: 7,
        completion_event_id: 'c',
        type: 'prime',
        payload: '{"input":100}',
        notify_url: 'http://127.0.0.1:8000/',
        requested_at: 0,
        started_at: null,
        completed_at: 13,
        attempt: 1,
        executor: 'x',
        outcome: 'SUCCESS',
        result: '541',
        error_code: null,
        error_message: null,
        error_causes: [],
        include_result: true,
        run_at: null,
        requested_by: 'desk',
      },
    ]);
  });

  test('hands on what the request and the error say about the webhook', () => {
    const { requested, ...document } = documentOf(4);
    const error = { code: 'E', message: 'm', causes: [{ name: 'TypeError', message: 'fetch failed' }] };
    const ended = {
      ...document,
      status: 'FAILURE' as const,
      requested: { ...requested!, include_result: false as const, run_at: new Date(5) },
      completed: { ...completed, outcome: 'FAILURE' as const, result: null, error },
    };
    expect(redeliveryOf(ended, { eventId: 'e', nowMs: 99, requestedBy: null })).toMatchObject({
      include_result: false,
      run_at: 5,
      error_code: 'E',
      error_message: 'm',
      error_causes: error.causes,
      requested_by: null,
    });
  });

  test('before the end is a 409', async () => {
    const answer = await api.call('POST', '/api/tasks/4/notifications');
    expectProblem(answer, 'task-not-ended');
    expect(answer.json()['detail']).toBe('Task 4 has not ended: its status is PENDING.');
  });

  test('of a task without a notify_url is a 409', async () => {
    const { requested, ...document } = documentOf(4);
    api.operations.find = async () => ({
      ...document,
      status: 'SUCCESS',
      requested: { ...requested!, notify_url: null },
      completed,
    });
    expectProblem(await api.call('POST', '/api/tasks/4/notifications'), 'no-notify-url');
  });

  test('of a task that does not exist is a 404', async () => {
    api.operations.find = async () => Promise.reject(new TaskNotFoundError('There is no task 5.'));
    expectProblem(await api.call('POST', '/api/tasks/5/notifications'), 'task-not-found');
    expectProblem(await api.call('POST', '/api/tasks/abc/notifications'), 'task-not-found');
  });

  test('that Kafka does not take is a 503', async () => {
    api.operations.redeliver = async () => Promise.reject(new UnavailableError('REDELIVERY_UNCERTAIN', 'Not now.'));
    expectProblem(await api.call('POST', '/api/tasks/4/notifications'), 'redelivery-uncertain');
  });

  test('that is too large for a record is a 413, which is not to be repeated', async () => {
    api.operations.redeliver = async () => Promise.reject(new OutcomeTooLargeError('Too large.'));
    const answer = await api.call('POST', '/api/tasks/4/notifications');
    expectProblem(answer, 'outcome-too-large');
    expect(answer.headers['retry-after']).toBeUndefined();
  });

  test('GET of it is a 405', async () => {
    expectProblem(await api.call('GET', '/api/tasks/4/notifications'), 'method-not-allowed');
  });
});

describe('POST /api/notifications/redeliver', () => {
  const body = JSON.stringify({ from: '2026-11-24T00:00:00Z', to: '2026-11-25T00:00:00Z', state: 'FAILED' });

  test('answers how many were asked for, and where to go on', async () => {
    api.operations.redeliverFailed = async ({ afterId }) => ({ requested: 2, cursor: String(afterId) });
    const answer = await api.call('POST', '/api/notifications/redeliver', { body });
    expect([answer.status, answer.text]).toEqual([202, '{"requested":2,"cursor":"0"}']);
  });

  test('names what is wrong', async () => {
    const answer = await api.call('POST', '/api/notifications/redeliver', { body: '{"from":1}' });
    expectProblem(answer, 'validation');
  });

  test('wants JSON', async () => {
    const headers = { 'content-type': 'text/plain' };
    expectProblem(await api.call('POST', '/api/notifications/redeliver', { body, headers }), 'unsupported-media-type');
  });
});
