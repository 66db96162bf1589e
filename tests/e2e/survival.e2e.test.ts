import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import {
  eventually,
  isolate,
  startOwnKafka,
  startOwnRegistry,
  startOwnStore,
  webhookReceiver,
  type OwnServer,
  type WebhookReceiver,
} from '@nask/testkit';
import type { TaskResource } from '@nask/schemas';
import { startSystem, type System } from './system.ts';
import { mixedTasks, type Posted } from './load.ts';

/** Servers of this file's own: it kills them. */
let kafka: OwnServer;
let registry: OwnServer;
let store: OwnServer;
let receiver: WebhookReceiver;
let system: System;

beforeAll(async () => {
  [kafka, registry, store, receiver] = await Promise.all([
    startOwnKafka(),
    startOwnRegistry(),
    startOwnStore(),
    webhookReceiver(),
  ]);
  system = await startSystem(
    isolate('survival'),
    { brokers: [kafka.address], registryUrl: registry.address, mongoUrl: store.address },
    { PUBLISH_DEADLINE_MS: '2000', KAFKA_SESSION_TIMEOUT_MS: '6000' },
  );
}, 180_000);

afterAll(async () => {
  await system?.close();
  await Promise.all([kafka?.close(), registry?.close(), store?.close(), receiver?.close()]);
}, 60_000);

/** What was accepted: the promise is about these. */
type Accepted = Map<number, Posted>;

/** Posts the tasks a few at a time; `refused` are answered 503, or not at all (a killed gateway). */
async function post(tasks: Posted[]): Promise<{ accepted: Accepted; refused: number[] }> {
  const accepted: Accepted = new Map();
  const refused: number[] = [];
  const waiting = [...tasks];
  const worker = async () => {
    for (let task = waiting.shift(); task !== undefined; task = waiting.shift()) {
      const answer = await system.client
        .post({ type: task.type, notify_url: receiver.url, payload: { input: task.input } })
        .catch(() => undefined);
      if (answer?.status === 202) accepted.set(answer.body.id, task);
      else refused.push(answer?.status ?? 0);
      if (answer?.status === 503) expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0);
    }
  };
  await Promise.all(Array.from({ length: 10 }, worker));
  return { accepted, refused };
}

async function expectAllEnded(accepted: Accepted): Promise<void> {
  for (const [id, task] of accepted) {
    await eventually(
      async () => {
        const { status, body } = await system.client.get(id);
        expect([status, body.status]).toEqual([200, 'SUCCESS']);
        expect(body.result).toEqual(task.expected);
      },
      { timeoutMs: 60_000 },
    );
  }
  await Promise.all(
    [...accepted.keys()].map((id) =>
      receiver.waitFor((request) => (request.json as TaskResource).id === id, { timeoutMs: 60_000 }),
    ),
  );
}

describe('everything that got a 202 ends, with its result and its webhook, when', () => {
  test('Kafka is killed in the middle: POSTs answer 503 meanwhile', async () => {
    const before = await post(mixedTasks(60));
    await kafka.kill();
    const during = await post(mixedTasks(20));
    await kafka.start();
    const after = await eventually(async () => {
      const first = await post(mixedTasks(1));
      expect(first.refused).toEqual([]);
      return first;
    });
    expect(before.refused).toEqual([]);
    expect(new Set(during.refused)).toEqual(new Set([503]));
    await expectAllEnded(new Map([...before.accepted, ...during.accepted, ...after.accepted]));
  }, 180_000);

  test('MongoDB is killed in the middle: POSTs go on, and GETs answer 503 meanwhile', async () => {
    const before = await post(mixedTasks(60));
    await store.kill();
    const during = await post(mixedTasks(60));
    const [id] = during.accepted.keys();
    expect((await system.client.get(id!)).status).toBe(503);
    await store.start();
    expect([...before.refused, ...during.refused]).toEqual([]);
    await expectAllEnded(new Map([...before.accepted, ...during.accepted]));
  }, 180_000);

  test('the registry is killed and stays away: whoever has started does not need it', async () => {
    await registry.kill();
    const { accepted, refused } = await post(mixedTasks(60));
    expect(refused).toEqual([]);
    await expectAllEnded(accepted);
    await registry.start();
  }, 180_000);

  test.each(['projector', 'executor', 'notifier'] as const)(
    'the %s is killed in the middle: POSTs go on',
    async (name) => {
      const before = await post(mixedTasks(60));
      await system.service(name).kill();
      const during = await post(mixedTasks(60));
      await system.service(name).start();
      expect([...before.refused, ...during.refused]).toEqual([]);
      await expectAllEnded(new Map([...before.accepted, ...during.accepted]));
    },
    180_000,
  );

  test('the gateway is killed in the middle: its ids are not given again', async () => {
    const before = await post(mixedTasks(60));
    await system.service('gateway').kill();
    await system.service('gateway').start();
    const after = await post(mixedTasks(60));
    expect([...after.accepted.keys()].filter((id) => before.accepted.has(id))).toEqual([]);
    await expectAllEnded(new Map([...before.accepted, ...after.accepted]));
  }, 180_000);
});

test('a task that was in flight when its executor was killed runs again, and has one outcome', async () => {
  const { body } = await system.client.post({ type: 'sleep', notify_url: receiver.url, payload: { input: 3 } });
  await eventually(async () => expect((await system.client.get(body.id)).body.status).toBe('STARTED'));
  await system.service('executor').kill();
  await system.service('executor').start();
  await expectAllEnded(new Map([[body.id, { type: 'sleep', input: 3, expected: 3 }]]));
}, 120_000);

test('SIGTERM lets a running task finish before the executor goes', async () => {
  const { body } = await system.client.post({ type: 'sleep', payload: { input: 2 } });
  await eventually(async () => expect((await system.client.get(body.id)).body.status).toBe('STARTED'));
  const executor = system.service('executor');
  const exit = executor.exit();
  executor.signal('SIGTERM');
  expect((await exit).code).toBe(0);
  await eventually(async () => expect((await system.client.get(body.id)).body.status).toBe('SUCCESS'));
  await executor.start();
}, 120_000);
