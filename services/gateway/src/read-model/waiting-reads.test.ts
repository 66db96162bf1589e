import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { TaskDocument } from '@nask/schemas';
import { UnavailableError } from '../errors.ts';
import { documentOf, expectProblem, startApi, whenAborted, type ApiUnderTest } from '../fixtures/api-under-test.ts';
import type { VisibleTaskDocument } from '../tasks/task-view.rules.ts';
import { consistencyToken } from './consistency.ts';
import { stateOf, type TaskState } from './task-state.rules.ts';

let api: ApiUnderTest;
beforeEach(async () => {
  api = await startApi();
});
afterEach(() => api.stop());

const prime = '{"type":"prime","payload":{"input":100}}';

function endedTask(id: number): VisibleTaskDocument {
  const event = { offset: 9, event_id: 'e', attempt: 1, executor: 'x' };
  const completed = { ...event, outcome: 'SUCCESS' as const, result: '541', error: null, completed_at: new Date(5) };
  return { ...documentOf(id), status: 'SUCCESS', completed };
}

/** The read model shows this next, and signals that somebody waits. */
function nextIs(document: TaskDocument | undefined, when: Promise<unknown> = Promise.resolve()) {
  const waiting = Promise.withResolvers<AbortSignal>();
  api.operations.awaiting = {
    async next(_id, _seen, signal): Promise<TaskState | undefined> {
      waiting.resolve(signal);
      await Promise.race([when, whenAborted(signal)]);
      return stateOf(document);
    },
    readTask: async () => document,
  };
  return waiting.promise;
}

describe('an entity tag', () => {
  test('is the same for the same task, and answers 304 where the client has it', async () => {
    const { headers } = await api.call('GET', '/api/tasks/4');
    expect(headers['etag']).toMatch(/^"[\w-]{27}"$/);
    for (const known of [headers['etag']!, `W/${headers['etag']}`, `"x", ${headers['etag']}`, '*']) {
      const again = await api.call('GET', '/api/tasks/4', { headers: { 'if-none-match': known } });
      expect([again.status, again.text, again.headers['etag']]).toEqual([304, '', headers['etag']]);
    }
    api.operations.find = async (id) => endedTask(id);
    const changed = await api.call('GET', '/api/tasks/4', { headers: { 'if-none-match': headers['etag']! } });
    expect(changed.status).toBe(200);
    expect(changed.headers['etag']).not.toBe(headers['etag']);
  });

  test('comes with HEAD too, without a body', async () => {
    const [get, head] = [await api.call('GET', '/api/tasks/4'), await api.call('HEAD', '/api/tasks/4')];
    expect([head.status, head.text]).toEqual([200, '']);
    for (const name of ['etag', 'content-length', 'content-type']) expect(head.headers[name]).toBe(get.headers[name]);
  });
});

describe('GET with Prefer: wait', () => {
  const wait = (path: string, headers = {}) => api.call('GET', path, { headers: { prefer: 'wait=10', ...headers } });

  test('answers when the task has ended', async () => {
    void nextIs(endedTask(4));
    const answer = await wait('/api/tasks/4');
    expect([answer.status, answer.json()['status'], answer.headers['preference-applied']]).toEqual([
      200,
      'SUCCESS',
      'wait=10',
    ]);
  });

  test('answers at once when it has', async () => {
    api.operations.find = async (id) => endedTask(id);
    expect((await wait('/api/tasks/4')).json()['result']).toBe(541);
  });

  test('answers with the task as it is when the time is over; 0 waits for nothing', async () => {
    void nextIs(undefined, new Promise(() => {}));
    const answer = await wait('/api/tasks/4', { prefer: 'wait=0' });
    expect([answer.status, answer.json()['status'], answer.headers['preference-applied']]).toEqual([
      200,
      'PENDING',
      'wait=0',
    ]);
  });

  test('and If-None-Match answers when the task has changed', async () => {
    const { headers } = await api.call('GET', '/api/tasks/4');
    void nextIs({ ...documentOf(4), status: 'STARTED' });
    const answer = await wait('/api/tasks/4', { 'if-none-match': headers['etag'] });
    expect([answer.status, answer.json()['status']]).toEqual([200, 'STARTED']);
    void nextIs(undefined, new Promise(() => {}));
    const same = await wait('/api/tasks/4', { 'if-none-match': headers['etag'], prefer: 'wait=0' });
    expect([same.status, same.headers['preference-applied']]).toEqual([304, 'wait=0']);
  });

  test('a wait that is too long is shortened, and the answer says so', async () => {
    await restart({ maxWaitS: 1 });
    void nextIs(endedTask(4));
    expect((await wait('/api/tasks/4')).headers['preference-applied']).toBe('wait=1');
  });

  test('when too many wait, one more is answered at once', async () => {
    await restart({ maxWaitingRequests: 1 });
    const end = Promise.withResolvers<void>();
    const waiting = nextIs(endedTask(4), end.promise);
    const first = wait('/api/tasks/4');
    await waiting;
    const second = await wait('/api/tasks/4');
    expect([second.json()['status'], second.headers['preference-applied']]).toEqual(['PENDING', undefined]);
    end.resolve();
    expect((await first).json()['status']).toBe('SUCCESS');
    expect((await wait('/api/tasks/4')).json()['status']).toBe('SUCCESS');
  });

  test('when the gateway stops, the task is told as it is, with a hint to ask again', async () => {
    api.operations.awaiting.next = async () => Promise.reject(new UnavailableError('STOPPING', 'Stopping.'));
    const answer = await wait('/api/tasks/4');
    expect([answer.status, answer.headers['retry-after'], answer.headers['preference-applied']]).toEqual([
      200,
      '1',
      undefined,
    ]);
  });

  test('of a task that does not exist waits for nothing', async () => {
    expectProblem(await wait('/api/tasks/0'), 'task-not-found');
  });

  test('ends when the client leaves', async () => {
    const waiting = nextIs(undefined, new Promise(() => {}));
    const client = api.open('GET', '/api/tasks/4', { prefer: 'wait=10' });
    client.on('error', () => {});
    client.end();
    const signal = await waiting;
    client.destroy();
    await expect(whenAborted(signal)).rejects.toThrow('The client left');
    await api.logged('"status":"aborted"');
  });
});

describe('POST with Prefer: wait', () => {
  const post = (headers = {}) =>
    api.call('POST', '/api/tasks', {
      body: prime,
      headers: { 'content-type': 'application/json', prefer: 'wait=10', ...headers },
    });

  test('answers 200 with the task that has ended, as GET shows it', async () => {
    void nextIs(endedTask(4));
    const answer = await post();
    expect([answer.status, answer.json()['result']]).toEqual([200, 541]);
    api.operations.find = async (id) => endedTask(id);
    expect(answer.text).toBe((await api.call('GET', '/api/tasks/4')).text);
    expect(answer.headers).toMatchObject({
      location: '/api/tasks/4',
      'content-location': '/api/tasks/4',
      'preference-applied': 'wait=10',
    });
  });

  test('answers 202 when it has not ended in time', async () => {
    void nextIs(undefined, new Promise(() => {}));
    const answer = await post({ prefer: 'wait=0' });
    expect([answer.status, answer.json()['status'], answer.headers['preference-applied']]).toEqual([
      202,
      'PENDING',
      'wait=0',
    ]);
  });

  test.each([
    ['STOPPING' as const, 'the gateway stops'],
    ['READ_MODEL_UNAVAILABLE' as const, 'the read model is away'],
  ])('%s: answers 202 when %s, for the task is accepted', async (code, _when) => {
    api.operations.awaiting.next = async () => Promise.reject(new UnavailableError(code, 'Not now.'));
    const answer = await post();
    expect([answer.status, answer.headers['retry-after'], answer.headers['preference-applied']]).toEqual([
      202,
      '1',
      undefined,
    ]);
  });
});

describe('a consistency token', () => {
  const written = { topic: 'tasks.requested', partition: 2, offset: 17 };

  test('comes with every write', async () => {
    const posted = await api.call('POST', '/api/tasks', { body: prime });
    expect(posted.headers['consistency-token']).toBe(consistencyToken([written]));
    const cancelled = await api.call('POST', '/api/tasks/4/cancel');
    expect(cancelled.headers['consistency-token']).toBe(
      consistencyToken([{ topic: 'tasks.cancellation-requested', partition: 2, offset: 5 }]),
    );
    const erased = await api.call('DELETE', '/api/tasks/4');
    expect(erased.headers['consistency-token']).toBe(
      consistencyToken([{ topic: 'tasks.erased', partition: 2, offset: 3 }]),
    );
    const batch = await api.call('POST', '/api/tasks/batch', { body: `{"tasks":[${prime},{},${prime}]}` });
    expect(batch.headers['consistency-token']).toBe(consistencyToken([written]));
  });

  test.each(['/api/tasks', '/api/tasks/4', '/api/tasks/4/events'])(
    'makes GET %s wait for what was written',
    async (path) => {
      const reached = Promise.withResolvers<void>();
      const asked = Promise.withResolvers<unknown>();
      api.operations.reach = async (positions) => {
        asked.resolve(positions);
        await reached.promise;
      };
      const answer = api.call('GET', path, { headers: { 'consistency-token': consistencyToken([written]) } });
      expect(await asked.promise).toEqual([written]);
      reached.resolve();
      expect((await answer).status).toBe(200);
    },
  );

  test('beyond the bound the answer is 503, and names it', async () => {
    await restart({ readWaitMs: 15 });
    api.operations.reach = (_positions, signal) => whenAborted(signal);
    const headers = { 'consistency-token': consistencyToken([written]) };
    const answer = await api.call('GET', '/api/tasks', { headers });
    expectProblem(answer, 'read-model-behind');
    expect(answer.json()['detail']).toContain('within 15 ms');
  });

  test('that is none of ours is refused', async () => {
    const answer = await api.call('GET', '/api/tasks', { headers: { 'consistency-token': 'x' } });
    expectProblem(answer, 'validation');
    expect(answer.json()['errors']).toEqual([{ parameter: 'Consistency-Token', detail: expect.any(String) }]);
  });
});

describe('GET /api/stats', () => {
  test('answers the service in figures', async () => {
    const answer = await api.call('GET', '/api/stats');
    expect(answer.json()).toMatchObject({ tasks: { total: 0 }, projection_lag: { seconds: 0, events: 0 } });
  });

  test('is a 503 while the store is away', async () => {
    api.operations.stats = async () => Promise.reject(new UnavailableError('READ_MODEL_UNAVAILABLE', 'Away.'));
    expectProblem(await api.call('GET', '/api/stats'), 'read-model-unavailable');
  });
});

async function restart(limits: Parameters<typeof startApi>[0]): Promise<void> {
  await api.stop();
  api = await startApi(limits);
}
