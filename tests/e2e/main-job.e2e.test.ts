import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { eventually, isolate, testServers, webhookReceiver, type WebhookReceiver } from '@nask/testkit';
import type { TaskResource } from '@nask/schemas';
import { readAsStranger, useApiAsStranger } from './stranger.ts';
import { startSystem, type System } from './system.ts';
import { mixedTasks, type Posted } from './load.ts';

const servers = testServers();
/** How far the machine's clock may be set back. */
const clockStepMs = 1_000;
let system: System;
let receiver: WebhookReceiver;

beforeAll(async () => {
  receiver = await webhookReceiver();
  system = await startSystem(isolate('main-job'), servers, {
    // A machine that is slow must not look like a receiver, or a notifier, that died: then a webhook may come twice.
    NOTIFY_TIMEOUT_MS: '60000',
    NOTIFY_CONNECT_TIMEOUT_MS: '60000',
    KAFKA_SESSION_TIMEOUT_MS: '30000',
    // Nor like a read model that stands still: then a GET would be answered 503.
    READ_WAIT_MS: '60000',
  });
}, 120_000);

afterAll(async () => {
  await system?.close();
  await receiver?.close();
}, 60_000);

describe('the main job', () => {
  const posted = new Map<number, Posted>();
  const tasks = mixedTasks(1_000);

  test('every POST of many at once is a 202 with an id of its own, and a GET right after it finds it', async () => {
    await Promise.all(
      tasks.map(async (task) => {
        const answer = await system.client.post({
          type: task.type,
          notify_url: receiver.url,
          payload: { input: task.input },
        });
        expect(answer.status).toBe(202);
        expect(answer.headers.get('location')).toBe(`/api/tasks/${answer.body.id}`);
        expect(answer.body).toEqual({
          id: answer.body.id,
          type: task.type,
          status: 'PENDING',
          notify_url: receiver.url,
          payload: { input: task.input },
        });
        posted.set(answer.body.id, task);
        const found = await system.client.get(answer.body.id);
        expect([found.status, found.body.id, found.body.type]).toEqual([200, answer.body.id, task.type]);
      }),
    );
    expect(posted.size).toBe(tasks.length);
  }, 60_000);

  test('every task ends with the right result', async () => {
    for (const [id, task] of posted) {
      const ended = await eventually(async () => {
        const { body } = await system.client.get(id);
        expect(body.status).toBe('SUCCESS');
        return body;
      });
      expect(ended.result).toEqual(task.expected);
      const [created = 0, started = 0, completed = 0] = [ended.created_at, ended.started_at, ended.completed_at].map(
        (time) => Date.parse(time!),
      );
      // By the clock of the machine, which may be set back meanwhile.
      expect([started - created, completed - started].filter((ms) => !(ms > -clockStepMs))).toEqual([]);
    }
  }, 60_000);

  test('each webhook arrives once, with the outcome', async () => {
    await receiver.waitForCount(tasks.length);
    const arrived = new Map(receiver.requests.map((request) => [(request.json as TaskResource).id, request.json]));
    expect(receiver.requests.length).toBe(tasks.length);
    for (const [id, task] of posted) {
      expect(arrived.get(id)).toMatchObject({ id, status: 'SUCCESS', result: task.expected });
      await eventually(async () => {
        const { notification, ...task } = (await system.client.get(id)).body;
        expect(notification).toEqual({ state: 'DELIVERED', attempts: 1 });
        expect(arrived.get(id)).toEqual(task);
      });
    }
  }, 60_000);

  test('the list has them all, ascending by id', async () => {
    const { body } = await system.client.list();
    const ids = body.tasks.map((task) => task.id);
    expect(ids).toEqual([...posted.keys()].toSorted((a, b) => a - b));
  });

  test('a task that does not exist is a 404 at once', async () => {
    expect((await system.client.get(999_999_999)).status).toBe(404);
  });

  test('a stranger reads the events with another client, by the registry alone', async () => {
    const read = (topic: string) => readAsStranger(servers.brokers, servers.registryUrl, system.topicPrefix + topic);
    const requested = await read('tasks.requested');
    const started = await read('tasks.started');
    const completed = await read('tasks.completed');
    const ids = new Set([...posted.keys()].map(String));
    for (const records of [requested, started, completed]) {
      expect(new Set(records.map((record) => record.key))).toEqual(ids);
      expect(records.length).toBe(ids.size);
    }
    const partitions = new Map(requested.map((record) => [record.key, record.partition]));
    for (const record of [...started, ...completed]) expect(record.partition).toBe(partitions.get(record.key));
    for (const record of completed) {
      expect(record.headers).toMatchObject({
        ce_specversion: '1.0',
        ce_id: record.value['event_id'],
        ce_subject: record.key,
        ce_type: expect.stringMatching(/TaskCompleted$/),
      });
      expect(JSON.parse(record.value['result'] as string)).toEqual(posted.get(Number(record.key))!.expected);
    }
  }, 120_000);

  test('a task that is erased is gone for all who read', async () => {
    const [id] = [...posted.keys()];
    expect(await system.client.erase(id!)).toBe(204);
    expect((await system.client.get(id!)).status).toBe(410);
    expect(await system.client.erase(id!)).toBe(410);
    expect((await system.client.list()).body.tasks.map((task) => task.id)).not.toContain(id);
  });
});

test('a client in another language that has read nothing but the OpenAPI document gets its work done', async () => {
  expect(await useApiAsStranger(system.service('gateway').url)).toEqual({
    types: ['fibonacci', 'prime', 'sleep'],
    posted: [202, 'PENDING'],
    repeatedIsSame: true,
    ended: 541,
    batch: [202, 422],
    batchEnded: 541,
    refused: [422, [{ pointer: '/payload/input', detail: 'must be >= 1' }]],
    problem: 422,
    unknown: 404,
    pages: [1, true],
  });
}, 120_000);
