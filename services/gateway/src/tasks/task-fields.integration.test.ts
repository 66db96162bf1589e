import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { payloadSchemaHash, type Outcome } from '@nask/schemas';
import { spawnService, type ServiceUnderTest } from '@nask/testkit';
import { answerOf, openSurroundings, post, type Surroundings } from '../fixtures/surroundings.ts';
import { documentOfSlots } from '../fixtures/task-documents.ts';

jest.setTimeout(120_000);

const key = 'k'.repeat(32);
const authorization = { authorization: `Bearer ${key}` };
const payloadSchema = {
  type: 'object',
  required: ['order'],
  properties: {
    order: { type: 'integer', 'x-search': true },
    customer: { type: 'object', properties: { id: { type: 'string', maxLength: 64, 'x-search': true } } },
  },
};
const order = {
  type: 'order',
  notify_url: 'http://127.0.0.1:8000/',
  payload: { order: 17, customer: { id: 'c-4' } },
};
const optional = { timeout: 60, tags: ['tenant=acme', 'nightly'], include_result: false };

let folder: string;
let around: Surroundings;
let gateway: ServiceUnderTest;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'nask-types-'));
  mkdirSync(join(folder, 'tasks'));
  writeFileSync(join(folder, 'tasks', 'order.json'), JSON.stringify(payloadSchema));
  around = await openSurroundings('task-fields');
  const hash = createHash('sha256').update(key).digest('hex');
  gateway = await spawnService('gateway', {
    ...around.env,
    API_KEYS: `desk:read+write+admin:${hash}`,
    TASK_TYPES_FOLDER: folder,
  });
});
afterAll(async () => {
  await gateway?.close();
  await around?.close();
  rmSync(folder, { recursive: true });
});

const get = (path: string) => answerOf(fetch(gateway.url + path, { headers: authorization }));
const call = (method: string, path: string) => fetch(gateway.url + path, { method, headers: authorization });

async function eventOf(id: number) {
  return (await around.log.events('tasks.requested')).find(({ task_id: taskId }) => taskId === id);
}

describe('a task with all optional fields', () => {
  test('given its POST, then the answer is that of 0.1, and the event has the fields', async () => {
    const [status, task] = await answerOf(post(gateway.url, { ...order, ...optional }, authorization));
    const id = task['id'] as number;
    expect([status, task]).toEqual([202, { id, status: 'PENDING', ...order }]);
    expect(await eventOf(id)).toMatchObject({
      client: 'desk',
      tags: optional.tags,
      search: [
        { name: 'customer.id', value: 'c-4' },
        { name: 'order', value: '17' },
      ],
      payload_schema_hash: payloadSchemaHash(payloadSchema),
      include_result: false,
      timeout_ms: 60_000,
      origin_id: null,
      run_at: null,
      expires_at: null,
      priority: 0,
    });

    await around.project();
    const read = {
      id,
      status: 'PENDING',
      ...order,
      client: 'desk',
      tags: optional.tags,
      search: { 'customer.id': 'c-4', order: '17' },
      include_result: false,
      created_at: expect.any(String),
    };
    expect(await get(`/api/tasks/${id}`)).toEqual([200, read]);
    const [, { tasks }] = await get('/api/tasks?type=order');
    expect(tasks).toContainEqual(read);
  });

  test('given the same in a batch, then the event is the same', async () => {
    const answer = await fetch(`${gateway.url}/api/tasks/batch`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...authorization },
      body: JSON.stringify({ tasks: [{ ...order, ...optional }] }),
    });
    const { results } = (await answer.json()) as { results: { task: { id: number } }[] };
    const { id } = results[0]!.task;
    expect(results).toEqual([{ status: 202, task: { id, status: 'PENDING', ...order } }]);
    expect(await eventOf(id)).toMatchObject({ client: 'desk', tags: optional.tags, include_result: false });
  });

  test('given payloads near the limit of a record, then only one that leaves room for its end is accepted', async () => {
    const tasks = [885_000, 895_000].map((length) => ({
      ...order,
      payload: { ...order.payload, note: 'x'.repeat(length) },
    }));
    const results = [];
    for (const task of tasks) {
      const body = JSON.stringify({ tasks: [task] });
      const headers = { 'content-type': 'application/json', ...authorization };
      const answer = await fetch(`${gateway.url}/api/tasks/batch`, { method: 'POST', headers, body });
      results.push(...((await answer.json()) as { results: object[] }).results);
    }
    expect(results).toEqual([
      { status: 202, task: expect.objectContaining({ status: 'PENDING' }) },
      {
        status: 413,
        problem: expect.objectContaining({
          type: '/problems/body-too-large',
          detail: expect.stringMatching(/ takes \d+ bytes; the limit is 891808\.$/),
        }),
      },
    ]);
  });

  test('given the same Idempotency-Key with other tags, then it is refused', async () => {
    const headers = { ...authorization, 'idempotency-key': 'tags' };
    const first = await answerOf(post(gateway.url, { ...order, ...optional }, headers));
    expect(await answerOf(post(gateway.url, { ...order, ...optional }, headers))).toEqual(first);
    const [status] = await answerOf(post(gateway.url, { ...order, ...optional, tags: ['nightly'] }, headers));
    expect([first[0], status]).toEqual([202, 422]);
  });
});

describe('an event that a client causes', () => {
  /** Tasks from 900,000 on: each has ended a day after the one before. */
  function endedTask(id: number, outcome: Outcome = 'SUCCESS') {
    const slot = { offset: 0, event_id: 'e', attempt: 1, executor: 'x' };
    const at = new Date(1_795_000_000_000);
    const endedAt = new Date(at.getTime() + 86_400_000 * (id - 900_000));
    const error = { code: 'E', message: 'm', causes: [{ name: 'TypeError', message: 'fetch failed' }] };
    return documentOfSlots({
      _id: id,
      status: outcome,
      scheduled: {
        ...slot,
        type: 'prime',
        payload: '{"input":100}',
        notify_url: 'http://127.0.0.1:8000/',
        requested_at: at,
        run_at: new Date(1_795_000_000_017),
        include_result: false,
      },
      completed: { ...slot, outcome, result: null, error, completed_at: endedAt },
      notified: {
        offset: 1,
        event_id: 'n',
        round: 0,
        state: 'FAILED',
        attempts: 8,
        last_error: null,
        attempted_at: at,
        next_attempt_at: null,
      },
    });
  }

  test('a cancellation names its API key', async () => {
    const [, task] = await answerOf(post(gateway.url, order, authorization));
    const id = task['id'] as number;
    await around.project();
    expect((await call('POST', `/api/tasks/${id}/cancel`)).status).toBe(202);
    expect(await around.log.events('tasks.cancellation-requested')).toMatchObject([
      { task_id: id, requested_by: 'desk' },
    ]);
  });

  test('an erasure names its API key, and passes the time on that retention counts from', async () => {
    await around.store(endedTask(900_000));
    // The read model of this test does not come that far.
    expect((await call('DELETE', '/api/tasks/900000')).status).toBe(202);
    expect(await around.log.events('tasks.erased')).toMatchObject([
      { task_id: 900_000, requested_by: 'desk', requested_at: 1_795_000_000_000, run_at: 1_795_000_000_017 },
    ]);
  });

  test('a redelivery, of one task or of many, names its API key and has what the webhook needs', async () => {
    await around.store(endedTask(900_001, 'FAILURE'));
    expect((await call('POST', '/api/tasks/900001/notifications')).status).toBe(202);
    const body = { from: '2026-11-19T00:00:00Z', to: '2026-11-20T00:00:00Z', state: 'FAILED' };
    const many = await fetch(`${gateway.url}/api/notifications/redeliver`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...authorization },
      body: JSON.stringify(body),
    });
    expect([many.status, await many.json()]).toEqual([202, { requested: 1 }]);
    const expected = {
      requested_by: 'desk',
      include_result: false,
      run_at: 1_795_000_000_017,
      error_code: 'E',
      error_causes: [{ name: 'TypeError', message: 'fetch failed' }],
    };
    expect(await around.log.events('notifications.redelivery-requested')).toMatchObject([expected, expected]);
  });
});
