import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { payloadSchemaHash, taskTypes } from '@nask/schemas';
import { spawnService, type ServiceUnderTest } from '@nask/testkit';
import { answerOf, openSurroundings, post, type Surroundings } from './fixtures/surroundings.ts';
import { documentOfSlots } from './fixtures/task-documents.ts';
import { cursorAfter } from './tasks/task-list.rules.ts';
import { taskExample } from './tasks/task-view.rules.ts';

jest.setTimeout(120_000);

// Made up ids are below 1,000, in the first gateway's block, and far above what it gives.
const prime = { type: 'prime', notify_url: 'http://127.0.0.1:8000/', payload: { input: 100 } };
const gateways: ServiceUnderTest[] = [];
let around: Surroundings;
let gateway: ServiceUnderTest;

beforeAll(async () => {
  around = await openSurroundings('gateway');
  gateway = await spawnGateway();
});
afterAll(async () => {
  await Promise.all(gateways.map((gateway) => gateway.close()));
  await around.close();
});

async function spawnGateway(env: Record<string, string> = {}): Promise<ServiceUnderTest> {
  const spawned = await spawnService('gateway', { ...around.env, ACCESS_LOG_LEVEL: 'debug', ...env });
  gateways.push(spawned);
  return spawned;
}

const anyTime = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);

const get = (path: string, { url } = gateway) => fetch(url + path);

async function postedId(body: object = prime, { url } = gateway): Promise<number> {
  const [status, task] = await answerOf(post(url, body));
  expect([status, task['status']]).toEqual([202, 'PENDING']);
  return task['id'] as number;
}

describe('a task that is posted', () => {
  test('is in the log when the answer comes, as the event of the contract', async () => {
    const traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';
    const answer = await post(gateway.url, prime, { traceparent, 'x-request-id': 'req-1' });
    const id = Number(answer.headers.get('location')?.replace('/api/tasks/', ''));
    expect([answer.status, await answer.json()]).toEqual([202, { id, status: 'PENDING', ...prime }]);

    const record = (await around.requested()).find(({ key }) => key === String(id))!;
    const event = await around.log.codec.decode('tasks.requested', record.value);
    expect({ ...event }).toEqual({
      event_id: expect.stringMatching(/^[\da-f]{8}-[\da-f]{4}-7[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/),
      task_id: id,
      type: 'prime',
      payload: '{"input":100}',
      notify_url: 'http://127.0.0.1:8000/',
      requested_at: expect.any(Number),
      timeout_ms: null,
      client: null,
      tags: [],
      search: [],
      origin_id: null,
      run_at: null,
      expires_at: null,
      priority: 0,
      payload_schema_hash: payloadSchemaHash(taskTypes.get('prime')!.payloadSchema),
      include_result: true,
    });
    expect(record.headers).toEqual({
      ce_specversion: '1.0',
      ce_id: event.event_id,
      ce_type: 'TaskRequested',
      ce_source: '/nask/gateway',
      ce_subject: String(id),
      ce_time: new Date(event.requested_at).toISOString(),
      ce_requestid: 'req-1',
      traceparent,
    });
  });

  test('is refused with every fault named, and not written', async () => {
    const before = (await around.requested()).length;
    const [status, problem] = await answerOf(post(gateway.url, { type: 'sleep', payload: { input: 86_401 } }));
    expect([status, problem]).toEqual([
      422,
      expect.objectContaining({
        type: '/problems/validation',
        errors: [{ pointer: '/payload/input', detail: 'must be <= 86400' }],
      }),
    ]);
    expect((await around.requested()).length).toBe(before);
  });
});

describe('a read by id', () => {
  test('right after the POST waits for the projector, and finds the task', async () => {
    const ids = await Promise.all([postedId(), postedId({ type: 'sleep', payload: { input: 5 } }), postedId()]);
    const answers = Promise.all(ids.map((id) => answerOf(get(`/api/tasks/${id}`))));
    await around.project();
    expect(await answers).toEqual([
      [200, { id: ids[0], status: 'PENDING', ...prime, created_at: anyTime }],
      [200, { id: ids[1], status: 'PENDING', type: 'sleep', payload: { input: 5 }, created_at: anyTime }],
      [200, { id: ids[2], status: 'PENDING', ...prime, created_at: anyTime }],
    ]);
  });

  test('is a 404 once the projector has passed what was accepted before', async () => {
    await postedId();
    const answers = Promise.all([901, 902, 903].map((id) => answerOf(get(`/api/tasks/${id}`))));
    await around.project();
    for (const [status, problem] of await answers)
      expect([status, problem]).toEqual([404, expect.objectContaining({ type: '/problems/task-not-found' })]);
  });

  test('beyond the bound says that it does not know yet', async () => {
    const impatient = await spawnGateway({ READ_WAIT_MS: '50' });
    const id = await postedId(prime, impatient);
    const answer = await get(`/api/tasks/${id}`, impatient);
    expect(answer.headers.get('retry-after')).toBe('1');
    expect(await answerOf(answer)).toEqual([503, expect.objectContaining({ type: '/problems/read-model-behind' })]);
    await around.project();
    expect((await get(`/api/tasks/${id}`, impatient)).status).toBe(200);
  });

  test('of a document without its request is a 404', async () => {
    await around.project();
    const started = { offset: 0, event_id: 'e', attempt: 1, executor: 'x', started_at: new Date() };
    await around.store({ _id: 1_000, status: 'STARTED', started });
    expect((await get('/api/tasks/1000')).status).toBe(404);
    expect(JSON.stringify(await (await get('/api/tasks')).json())).not.toContain('1000');
  });

  test('after the end has the result and the times', async () => {
    await around.store(endedTask(999));
    expect(await answerOf(get('/api/tasks/999'))).toEqual([
      200,
      {
        ...taskExample,
        id: 999,
        created_at: '2026-11-18T11:06:40.000Z',
        started_at: '2026-11-18T11:06:40.012Z',
        completed_at: '2026-11-18T11:06:40.013Z',
      },
    ]);
  });
});

describe('the list', () => {
  test('is all tasks, ascending, in pages that are linked, without results', async () => {
    await Promise.all(Array.from({ length: 7 }, () => postedId()));
    await around.project();
    await around.store(endedTask(998));
    const whole = (await (await get('/api/tasks')).json()) as { tasks: { id: number; result?: unknown }[] };
    const ids = whole.tasks.map(({ id }) => id);
    expect(ids).toEqual(ids.toSorted((one, other) => one - other));
    const ended = whole.tasks.find(({ id }) => id === 998);
    expect(ended).toMatchObject({ status: 'SUCCESS', completed_at: expect.any(String) });
    expect(ended).not.toHaveProperty('result');

    const limit = Math.ceil(ids.length / 3);
    const paged: number[] = [];
    let path: string | undefined = `/api/tasks?limit=${limit}`;
    for (let pages = 0; path !== undefined; pages++) {
      expect(pages).toBeLessThan(3);
      const answer = await get(path);
      const page = (await answer.json()) as typeof whole;
      expect(page.tasks.length).toBeLessThanOrEqual(limit);
      paged.push(...page.tasks.map(({ id }) => id));
      path = /^<(.+)>; rel="next"$/.exec(answer.headers.get('link') ?? '')?.[1];
    }
    expect(paged).toEqual(ids);
  });
});

describe('a page', () => {
  test('ends early where its bytes do, and is linked to the next', async () => {
    const payload = JSON.stringify({ input: 'x'.repeat(60_000) });
    const ids = Array.from({ length: 80 }, (_, index) => 800 + index);
    await Promise.all(
      ids.map((id) => around.store({ ...endedTask(id), requested: { ...endedTask(id).requested!, payload } })),
    );
    const answer = await get(`/api/tasks?cursor=${cursorAfter(799)}&limit=80`);
    const { tasks } = (await answer.json()) as { tasks: { id: number }[] };
    expect(tasks.map(({ id }) => id)).toEqual(ids.slice(0, 70));
    expect(answer.headers.get('link')).toContain(cursorAfter(869));
  });
});

describe('a stop', () => {
  test('ends waiting reads with a 503 that says to try again, and exits with 0', async () => {
    const stopping = await spawnGateway();
    const id = await postedId(prime, stopping);
    const answer = get(`/api/tasks/${id}`, stopping);
    const exit = stopping.exit();
    // The read is on its way once a later one on the same server has been answered.
    await get('/healthz', stopping);
    await stopping.stop();
    const response = await answer;
    expect([response.status, response.headers.get('connection')]).toEqual([503, 'close']);
    expect(await response.json()).toMatchObject({ type: '/problems/stopping' });
    expect((await exit).code).toBe(0);
    await around.project();
  });
});

function endedTask(id: number) {
  const from = { offset: 0, event_id: 'e', attempt: 1, executor: 'x' };
  return documentOfSlots({
    _id: id,
    status: 'SUCCESS',
    requested: {
      offset: 0,
      event_id: 'e',
      type: 'prime',
      payload: '{"input":100}',
      notify_url: null,
      requested_at: new Date(1_795_000_000_000),
    },
    started: { ...from, started_at: new Date(1_795_000_000_012) },
    completed: {
      ...from,
      outcome: 'SUCCESS' as const,
      result: '541',
      error: null,
      completed_at: new Date(1_795_000_000_013),
    },
  });
}

describe('a cancellation', () => {
  const cancel = (id: number) => answerOf(fetch(`${gateway.url}/api/tasks/${id}/cancel`, { method: 'POST' }));

  test('right after the POST finds the task, and is in the log when the answer comes', async () => {
    const id = await postedId({ type: 'sleep', payload: { input: 600 }, timeout: 60 });
    const answer = cancel(id);
    await around.project();
    expect(await answer).toEqual([
      202,
      { id, status: 'PENDING', type: 'sleep', payload: { input: 600 }, created_at: anyTime },
    ]);

    const records = await around.log.records('tasks.cancellation-requested');
    const record = records.find(({ key }) => key === String(id))!;
    const event = await around.log.codec.decode('tasks.cancellation-requested', record.value);
    expect({ ...event }).toEqual({
      event_id: expect.any(String),
      task_id: id,
      requested_at: expect.any(Number),
      requested_by: null,
    });
    expect(record.headers).toMatchObject({ ce_id: event.event_id, ce_type: 'TaskCancellationRequested' });
    const requested = (await around.requested()).find(({ key }) => key === String(id))!;
    expect(await around.log.codec.decode('tasks.requested', requested.value)).toMatchObject({ timeout_ms: 60_000 });
    expect(requested.partition).toBe(record.partition);
  });

  test('of a task that has ended, or that there is none of, is refused and not written', async () => {
    const id = await postedId();
    await around.project();
    const request = { event_id: 'e', type: 'prime', payload: '{}', notify_url: null, requested_at: new Date(0) };
    await around.store(documentOfSlots({ _id: id, status: 'SUCCESS', requested: { offset: 0, ...request } }));
    const before = (await around.log.records('tasks.cancellation-requested')).length;
    expect(await cancel(id)).toEqual([409, expect.objectContaining({ type: '/problems/task-ended' })]);
    expect(await cancel(900_000)).toEqual([404, expect.objectContaining({ type: '/problems/task-not-found' })]);
    expect(await around.log.records('tasks.cancellation-requested')).toHaveLength(before);
  });
});

describe('an erasure', () => {
  const erase = (id: number) => answerOf(fetch(`${gateway.url}/api/tasks/${id}`, { method: 'DELETE' }));

  test('of a task that was erased is a 410, as is its GET; of one that has not ended a 409', async () => {
    await around.store({ _id: 990, status: 'ERASED', created_at: new Date(0) });
    const gone = [410, expect.objectContaining({ type: '/problems/task-erased' })];
    expect([await erase(990), await answerOf(get('/api/tasks/990'))]).toEqual([gone, gone]);

    const id = await postedId();
    await around.project();
    expect(await erase(id)).toEqual([409, expect.objectContaining({ type: '/problems/task-not-ended' })]);
  });
});
