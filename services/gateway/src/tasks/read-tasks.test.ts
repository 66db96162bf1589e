import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { taskTypes } from '@nask/schemas';
import { TaskNotFoundError, UnavailableError, type UnavailableCode } from '../errors.ts';
import { documentOf, expectProblem, startApi, whenAborted, type ApiUnderTest } from '../fixtures/api-under-test.ts';
import type { ProblemName } from '../http/problem-types.ts';
import { cursorAfter } from './task-list.rules.ts';

let api: ApiUnderTest;
beforeEach(async () => {
  api = await startApi();
});
afterEach(() => api.stop());

describe('GET /api/tasks/{id}', () => {
  test('answers the task', async () => {
    const answer = await api.call('GET', '/api/tasks/4');
    expect([answer.status, answer.text]).toEqual([
      200,
      '{"id":4,"type":"prime","status":"PENDING","notify_url":"http://127.0.0.1:8000/","payload":{"input":100},"created_at":"1970-01-01T00:00:00.000Z"}',
    ]);
  });

  test.each(['0', '-1', '1.5', 'abc', '01', '1e3', '99999999999999999999', '%31%zz', '%00', '1%20', '%F0%9F%92%A9'])(
    'the id %s is no task',
    async (id) => {
      expectProblem(await api.call('GET', `/api/tasks/${id}`), 'task-not-found');
    },
  );

  test('a task that does not exist is a 404', async () => {
    api.operations.find = async (id) => Promise.reject(new TaskNotFoundError(`There is no task ${id}.`));
    const answer = await api.call('GET', '/api/tasks/5');
    expectProblem(answer, 'task-not-found');
    expect(answer.json()['detail']).toBe('There is no task 5.');
  });

  test.each<[UnavailableCode, ProblemName]>([
    ['READ_MODEL_UNAVAILABLE', 'read-model-unavailable'],
    ['READ_MODEL_BEHIND', 'read-model-behind'],
    ['STOPPING', 'stopping'],
  ])('%s is a 503 with Retry-After: %s', async (code, name) => {
    api.operations.find = async () => Promise.reject(new UnavailableError(code, 'Not now.'));
    const answer = await api.call('GET', '/api/tasks/5');
    expectProblem(answer, name);
    expect(Number(answer.headers['retry-after'])).toBeGreaterThan(0);
  });

  test('a wait beyond its bound is a 503 that names the bound', async () => {
    await restart({ readWaitMs: 15 });
    api.operations.find = (_id, startBound) => whenAborted(startBound());
    const answer = await api.call('GET', '/api/tasks/5');
    expectProblem(answer, 'read-model-behind');
    expect(answer.json()['detail']).toContain('within 15 ms');
  });

  test('a wait ends when the client leaves', async () => {
    const started = Promise.withResolvers<AbortSignal>();
    api.operations.find = (_id, startBound) => {
      const signal = startBound();
      started.resolve(signal);
      return whenAborted(signal);
    };
    const client = api.open('GET', '/api/tasks/5');
    client.end();
    client.on('error', () => {});
    const signal = await started.promise;
    client.destroy();
    await expect(whenAborted(signal)).rejects.toThrow('The client left');
    await api.logged('"status":"aborted"');
  });
});

describe('GET /api/tasks', () => {
  test('answers the tasks in their order', async () => {
    const answer = await api.call('GET', '/api/tasks');
    expect(answer.json()).toMatchObject({ tasks: [{ id: 1 }, { id: 4 }] });
    expect(answer.headers['link']).toBeUndefined();
  });

  test('links to the next page when there is one', async () => {
    const pages: unknown[] = [];
    api.operations.list = async (page) => {
      pages.push(page);
      return { documents: [documentOf(1), documentOf(4)], hasMore: pages.length === 1 };
    };
    const first = await api.call('GET', '/api/tasks?limit=2');
    const [, next] = /^<(.+)>; rel="next"$/.exec(String(first.headers['link'])) ?? [];
    expect(next).toBe(`/api/tasks?limit=2&cursor=${cursorAfter(4)}`);
    const second = await api.call('GET', next!);
    expect(second.headers['link']).toBeUndefined();
    expect(pages).toEqual([
      { limit: 2, order: 'id' },
      { limit: 2, order: 'id', after: { id: 4 } },
    ]);
  });

  test('without tasks answers an empty list', async () => {
    api.operations.list = async () => ({ documents: [], hasMore: false });
    expect((await api.call('GET', '/api/tasks')).text).toBe('{"tasks":[]}');
  });

  test('names a wrong parameter and its limit', async () => {
    const answer = await api.call('GET', '/api/tasks?limit=1001');
    expectProblem(answer, 'validation');
    expect(answer.json()['errors']).toEqual([
      { parameter: 'limit', detail: 'must be given once, an integer from 1 to 1000' },
    ]);
  });
});

async function restart(limits: Parameters<typeof startApi>[0]): Promise<void> {
  await api.stop();
  api = await startApi(limits);
}

test('GET /api/task-types names each type with the schema that its payload is checked with', async () => {
  const answer = await api.call('GET', '/api/task-types');
  expect([answer.status, answer.json()]).toEqual([
    200,
    { task_types: [...taskTypes.values()].map(({ name, payloadSchema }) => ({ name, payload_schema: payloadSchema })) },
  ]);
});
