import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { TaskStatus } from '@nask/schemas';
import { TaskEndedError, TaskNotFoundError, UnavailableError } from '../errors.ts';
import { documentOf, expectProblem, startApi, type ApiUnderTest } from '../fixtures/api-under-test.ts';
import { createTaskCanceller } from './cancel-task.ts';

let api: ApiUnderTest;
beforeEach(async () => {
  api = await startApi();
});
afterEach(() => api.stop());

describe('POST /api/tasks/{id}/cancel', () => {
  test('is a 202 with the task as it is, and hands the trace on', async () => {
    const calls: unknown[] = [];
    const { cancel } = api.operations;
    api.operations.cancel = (id, traceparent, startBound) => {
      calls.push([id, traceparent]);
      return cancel(id, traceparent, startBound);
    };
    const traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';
    const answer = await api.call('POST', '/api/tasks/4/cancel', {
      headers: { traceparent, 'x-request-id': 'req-1' },
    });
    expect([answer.status, answer.json()]).toEqual([202, expect.objectContaining({ id: 4, status: 'PENDING' })]);
    expect(calls).toEqual([[4, { requestId: 'req-1', traceparent, client: null }]]);
  });

  test.each([
    ['404', 'task-not-found', new TaskNotFoundError('There is no task 4.')],
    ['409', 'task-ended', new TaskEndedError('Task 4 has ended.')],
    ['503', 'cancellation-unconfirmed', new UnavailableError('CANCELLATION_UNCONFIRMED', 'Not now.')],
  ] as const)('is a %s %s when it cannot be', async (_status, name, error) => {
    api.operations.cancel = async () => Promise.reject(error);
    expectProblem(await api.call('POST', '/api/tasks/4/cancel'), name);
  });

  test('an id that is no task is a 404, and another method a 405', async () => {
    expectProblem(await api.call('POST', '/api/tasks/abc/cancel'), 'task-not-found');
    const answer = await api.call('GET', '/api/tasks/4/cancel');
    expectProblem(answer, 'method-not-allowed');
    expect(answer.headers['allow']).toContain('POST');
  });
});

/** Cancels task 4, which has this status. */
async function cancelled(status: TaskStatus) {
  const task = { ...documentOf(4), status };
  const position = { topic: 'tasks.cancellation-requested', partition: 1, offset: 2 };
  const written: unknown[] = [];
  const cancel = createTaskCanceller({
    find: async () => task,
    write: async (topic, { task_id: id, ...event }) => {
      written.push([topic, id, (event as { requested_by?: unknown }).requested_by]);
      return position;
    },
  });
  const outcome = await cancel(
    4,
    { requestId: 'r', traceparent: undefined, client: 'desk' },
    () => new AbortController().signal,
  ).catch((error: unknown) => error);
  return { task, position, outcome, written };
}

test.each(['PENDING', 'STARTED', 'RETRY'] as const)('a task that is %s is cancelled', async (status) => {
  const { task, position, outcome, written } = await cancelled(status);
  expect([outcome, written]).toEqual([{ task, position }, [['tasks.cancellation-requested', 4, 'desk']]]);
});

test.each(['SUCCESS', 'FAILURE', 'REVOKED'] as const)('a task that has ended in %s is not', async (status) => {
  const { outcome, written } = await cancelled(status);
  expect([(outcome as { code: string }).code, written]).toEqual(['TASK_ENDED', []]);
});
