import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { partitionFor } from '@nask/kafka';
import { hasEnded, type TaskDocument, type TaskEventDocument, type TaskStatus } from '@nask/schemas';
import { spawnService, type ServiceUnderTest } from '@nask/testkit';
import { openSurroundings, post, type Surroundings } from '../fixtures/surroundings.ts';
import { documentOfSlots } from '../fixtures/task-documents.ts';

jest.setTimeout(120_000);

let around: Surroundings;
let gateway: ServiceUnderTest;
let impatient: ServiceUnderTest;

beforeAll(async () => {
  around = await openSurroundings('gateway-reads');
  [gateway, impatient] = (await Promise.all(
    ['5000', '100'].map((READ_WAIT_MS) => spawnService('gateway', { ...around.env, READ_WAIT_MS })),
  )) as [ServiceUnderTest, ServiceUnderTest];
});
afterAll(async () => {
  await Promise.all([gateway.close(), impatient.close()]);
  await around.close();
});

const get = (path: string, headers: Record<string, string> = {}) => fetch(gateway.url + path, { headers });

// Far above what the gateway gives, so that a task is there exactly when the test has stored it.
const firstId = 700_000;
const noon = Date.UTC(2026, 10, 24, 12);

/** Of several gateways: ids are not in the order of time, and there is more than one in a millisecond. */
const stored = Array.from({ length: 23 }, (_, n) => ({
  id: firstId + ((n * 7) % 23),
  createdAtMs: noon + 1_000 * Math.floor(n / 3),
  status: (['PENDING', 'STARTED', 'SUCCESS'] as const)[n % 3]!,
  type: n % 2 === 0 ? 'prime' : 'sleep',
}));

function documentOf({ id, createdAtMs, status, type }: (typeof stored)[number]): TaskDocument {
  const from = { offset: id, event_id: 'e', attempt: 1, executor: 'x' };
  const requested = { ...from, type, payload: '{"input":1}', notify_url: null, requested_at: new Date(createdAtMs) };
  const outcome = { outcome: 'SUCCESS' as const, result: '2', error: null, completed_at: new Date() };
  const completed = hasEnded(status) ? { completed: { ...from, ...outcome } } : {};
  return documentOfSlots({ _id: id, status, requested, ...completed });
}

/** The ids of a list, followed page by page to its end. */
async function idsOf(query: string): Promise<number[]> {
  const ids: number[] = [];
  let next: string | undefined = `/api/tasks?${query}`;
  while (next !== undefined) {
    const answer = await get(next);
    const { tasks } = (await answer.json()) as { tasks: { id: number; result?: unknown }[] };
    for (const task of tasks) expect(task).not.toHaveProperty('result');
    ids.push(...tasks.map(({ id }) => id));
    next = /^<(.+)>; rel="next"$/.exec(answer.headers.get('link') ?? '')?.[1];
  }
  return ids;
}

describe('the list', () => {
  beforeAll(async () => {
    await Promise.all(stored.map((task) => around.store(documentOf(task))));
  });
  const byId = stored.toSorted((a, b) => a.id - b.id);
  const byTime = stored.toSorted((a, b) => a.createdAtMs - b.createdAtMs || a.id - b.id);
  const at = (n: number) => new Date(noon + 1_000 * n).toISOString();

  test.each<[string, typeof stored]>([
    ['limit=4', byId],
    ['order=-id&limit=5', byId.toReversed()],
    ['order=created_at&limit=2', byTime],
    ['order=-created_at&limit=4', byTime.toReversed()],
    ['status=PENDING&limit=3', byId.filter(({ status }) => status === 'PENDING')],
    ['status=PENDING,SUCCESS&order=created_at&limit=4', byTime.filter(({ status }) => status !== 'STARTED')],
    ['type=sleep&order=-created_at&limit=4', byTime.toReversed().filter(({ type }) => type === 'sleep')],
    [
      `created_after=${at(2)}&created_before=${at(5)}&order=created_at&limit=2`,
      byTime.filter(({ createdAtMs }) => createdAtMs >= noon + 2_000 && createdAtMs < noon + 5_000),
    ],
    ['type=fibonacci', []],
  ])('%s: each task that is asked for once, in its order, whatever the size of the pages', async (query, expected) => {
    expect(await idsOf(query)).toEqual(expected.map(({ id }) => id));
  });
});

describe('statistics', () => {
  test('count what is in the read model', async () => {
    const stats = (await (await get('/api/stats')).json()) as { tasks: { by_status: Record<string, number> } };
    expect(stats.tasks.by_status).toMatchObject({ PENDING: 8, STARTED: 8, SUCCESS: 7, FAILURE: 0 });
  });
});

describe('a consistency token', () => {
  test('makes the list wait for what was written, and 503 is the answer when it does not come', async () => {
    const posted = await post(gateway.url, { type: 'prime', payload: { input: 1 } });
    const { id } = (await posted.json()) as { id: number };
    const headers = { 'consistency-token': posted.headers.get('consistency-token')! };
    const early = await fetch(`${impatient.url}/api/tasks`, { headers });
    expect([early.status, early.headers.get('retry-after')]).toEqual([503, '1']);
    const list = get('/api/tasks?limit=1', headers);
    await around.project();
    expect(await (await list).json()).toEqual({ tasks: [expect.objectContaining({ id })] });
  });
});

const eventOf = (id: number, topic: string, atMs: number): TaskEventDocument => ({
  _id: `${id}/${topic}/5`,
  task_id: id,
  topic,
  event: topic === 'tasks.completed' ? 'TaskCompleted' : topic === 'tasks.started' ? 'TaskStarted' : 'TaskRequested',
  event_id: topic,
  partition: partitionFor(String(id), 3),
  offset: 5,
  at: new Date(noon + atMs),
  attempt: topic === 'tasks.requested' ? null : 1,
  data: {},
});

/** The life of a task in the read model, a step at a time. */
function lifeOf(id: number) {
  const from = { offset: 5, event_id: 'e', attempt: 1, executor: 'x' };
  const requested = { ...from, type: 'prime', payload: '{"input":1}', notify_url: null, requested_at: new Date(noon) };
  const started = { ...from, started_at: new Date(noon + 1) };
  const completed = {
    ...from,
    outcome: 'SUCCESS' as const,
    result: '2',
    error: null,
    completed_at: new Date(noon + 2),
  };
  const store = (status: TaskStatus, slots: Omit<TaskDocument, '_id' | 'status'>) =>
    around.store(documentOfSlots({ _id: id, status, ...slots }));
  return {
    async request() {
      await around.storeEvent(eventOf(id, 'tasks.requested', 0));
      await store('PENDING', { requested });
    },
    async start() {
      await around.storeEvent(eventOf(id, 'tasks.started', 1));
      await store('STARTED', { requested, started });
    },
    async complete() {
      await store('SUCCESS', { requested, started, completed });
      await around.storeEvent(eventOf(id, 'tasks.completed', 2));
    },
  };
}

async function nextEvents(reader: AsyncIterator<string>, until: string): Promise<string> {
  let seen = '';
  while (!seen.includes(until)) {
    const { done, value } = await reader.next();
    if (done === true) break;
    seen += value;
  }
  return seen;
}

async function openStream(id: number, headers: Record<string, string> = {}) {
  const answer = await get(`/api/tasks/${id}/events`, { accept: 'text/event-stream', ...headers });
  expect(answer.status).toBe(200);
  return answer.body!.pipeThrough(new TextDecoderStream())[Symbol.asyncIterator]();
}

describe('the events of a task', () => {
  test('come as they happen, are resumed where they were interrupted, and end with the task', async () => {
    const life = lifeOf(firstId + 100);
    await life.request();
    const stream = await openStream(firstId + 100);
    expect(await nextEvents(stream, 'TaskRequested')).toContain('id: tasks.requested:5\n');
    await life.start();
    const started = await nextEvents(stream, 'TaskStarted');
    const [, lastId] = /id: (.*)\nevent: TaskStarted/.exec(started)!;
    await stream.return!();

    const resumed = await openStream(firstId + 100, { 'last-event-id': lastId! });
    await life.complete();
    const rest = await nextEvents(resumed, 'never');
    expect(rest.match(/event: \w+/g)).toEqual(['event: TaskCompleted']);
    expect(rest).toContain('end of the stream');

    const listed = (await (await get(`/api/tasks/${firstId + 100}/events`)).json()) as { events: { event: string }[] };
    expect(listed.events.map(({ event }) => event)).toEqual(['TaskRequested', 'TaskStarted', 'TaskCompleted']);
  });
});

describe('many who wait', () => {
  test('for many tasks, by request and by stream, are all told of their end', async () => {
    const ids = Array.from({ length: 30 }, (_, n) => firstId + 200 + n);
    const lives = ids.map(lifeOf);
    await Promise.all(lives.map((life) => life.request()));
    const waits = ids.map((id) => get(`/api/tasks/${id}`, { prefer: 'wait=60' }));
    const streams = await Promise.all(ids.map((id) => openStream(id)));
    for (const life of lives) {
      await life.start();
      await life.complete();
    }
    const answers = await Promise.all(waits);
    for (const answer of answers) {
      expect(answer.headers.get('preference-applied')).toBe('wait=60');
      expect(await answer.json()).toMatchObject({ status: 'SUCCESS', result: 2 });
    }
    for (const stream of streams)
      expect((await nextEvents(stream, 'never')).match(/event: \w+/g)).toEqual([
        'event: TaskRequested',
        'event: TaskStarted',
        'event: TaskCompleted',
      ]);
  });
});

describe('a stop', () => {
  test('tells those who wait what there is, ends streams, and asks both to come again', async () => {
    const id = firstId + 300;
    await lifeOf(id).request();
    const wait = get(`/api/tasks/${id}`, { prefer: 'wait=60' });
    const stream = await openStream(id);
    await nextEvents(stream, 'TaskRequested');
    const exit = gateway.exit();
    await gateway.stop();
    const answer = await wait;
    expect([answer.status, answer.headers.get('retry-after'), answer.headers.get('connection')]).toEqual([
      200,
      '1',
      'close',
    ]);
    expect(await answer.json()).toMatchObject({ id, status: 'PENDING' });
    expect(await nextEvents(stream, 'never')).toContain('interrupted: connect again');
    expect((await exit).code).toBe(0);
  });
});
