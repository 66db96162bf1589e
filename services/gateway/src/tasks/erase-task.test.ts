import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { TaskErasedError, TaskNotEndedError, TaskNotFoundError, UnavailableError } from '../errors.ts';
import { startApi, type ApiUnderTest } from '../fixtures/api-under-test.ts';
import { expectProblem } from '../fixtures/expect-problem.ts';

let api: ApiUnderTest;
beforeEach(async () => {
  api = await startApi();
});
afterEach(() => api.stop());

describe('DELETE /api/tasks/{id}', () => {
  test('is a 204 without a body once no reader finds the task any more, and a 202 while some may', async () => {
    const erased = await api.call('DELETE', '/api/tasks/4');
    expect([erased.status, erased.text]).toEqual([204, '']);

    const { erase } = api.operations;
    api.operations.erase = async (...args) => ({ ...(await erase(...args)), outcome: 'accepted' });
    expect((await api.call('DELETE', '/api/tasks/4')).status).toBe(202);
  });

  test.each([
    ['404', 'task-not-found', new TaskNotFoundError('There is no task 4.')],
    ['409', 'task-not-ended', new TaskNotEndedError('Task 4 has not ended.')],
    ['410', 'task-erased', new TaskErasedError('Task 4 was erased.')],
    ['503', 'erasure-unconfirmed', new UnavailableError('ERASURE_UNCONFIRMED', 'Not now.')],
  ] as const)('is a %s %s when it cannot be', async (_status, name, error) => {
    api.operations.erase = async () => Promise.reject(error);
    expectProblem(await api.call('DELETE', '/api/tasks/4'), name);
  });

  test('an id that is no task is a 404', async () => {
    expectProblem(await api.call('DELETE', '/api/tasks/abc'), 'task-not-found');
  });
});

test('GET of a task that was erased is a 410', async () => {
  api.operations.find = async () => Promise.reject(new TaskErasedError('Task 4 was erased.'));
  expectProblem(await api.call('GET', '/api/tasks/4'), 'task-erased');
});
