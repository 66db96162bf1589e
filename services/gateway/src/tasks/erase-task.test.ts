import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { TaskErased, TaskStatus } from '@nask/schemas';
import { TaskErasedError, TaskNotEndedError, TaskNotFoundError, UnavailableError } from '../errors.ts';
import { documentOf, expectProblem, startApi, type ApiUnderTest } from '../fixtures/api-under-test.ts';
import { createTaskEraser } from './erase-task.ts';

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

/** Erases task 4, which has this status. */
async function erase(
  status: TaskStatus,
  reach: () => Promise<void> = async () => undefined,
  runAtMs: { scheduled?: number; requested?: number } = { requested: 17 },
) {
  const position = { topic: 'tasks.erased', partition: 1, offset: 7 };
  const written: unknown[] = [];
  const eraseTask = createTaskEraser({
    find: async (id) => {
      const { requested, ...document } = documentOf(id);
      const slots = Object.entries(runAtMs).map(
        ([slot, ms]) => [slot, { ...requested!, run_at: new Date(ms) }] as const,
      );
      return { ...document, status, requested: requested!, ...Object.fromEntries(slots) };
    },
    write: async (topic, { task_id: id, ...event }) => {
      const { requested_by: by, requested_at: at, run_at: runAt } = event as Partial<TaskErased>;
      written.push([topic, id, by, at, runAt]);
      return position;
    },
    reach,
  });
  const outcome = await eraseTask(4, { requestId: 'r', traceparent: undefined, client: 'desk' }, whenNeeded).catch(
    (error: { code: string }) => error.code,
  );
  if (typeof outcome === 'string') return [outcome, written];
  expect(outcome.position).toBe(position);
  return [outcome.outcome, written];
}

const whenNeeded = () => new AbortController().signal;

test.each(['SUCCESS', 'FAILURE', 'REVOKED'] as const)('a task that has ended in %s is erased', async (status) => {
  expect(await erase(status)).toEqual(['erased', [['tasks.erased', 4, 'desk', 0, 17]]]);
});

test.each(['PENDING', 'STARTED', 'RETRY'] as const)('a task that is %s is not', async (status) => {
  expect(await erase(status)).toEqual(['TASK_NOT_ENDED', []]);
});

test.each([
  [{}, null],
  [{ scheduled: 18, requested: 17 }, 18],
  [{ scheduled: 17, requested: 18 }, 18],
  [{ scheduled: 18 }, 18],
])('given requests with the times to run %j, then the erasure has %j', async (runAtMs, expected) => {
  expect(await erase('SUCCESS', undefined, runAtMs)).toEqual(['erased', [['tasks.erased', 4, 'desk', 0, expected]]]);
});

test('given a read model that is behind, then the erasure is accepted all the same', async () => {
  expect(await erase('SUCCESS', () => Promise.reject(new Error('too late')))).toEqual([
    'accepted',
    [['tasks.erased', 4, 'desk', 0, 17]],
  ]);
});
