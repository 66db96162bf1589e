import { afterAll, afterEach, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { createLogger } from '@nask/service';
import {
  eventually,
  spawnService,
  startOwnKafka,
  startOwnRegistry,
  startOwnStore,
  suspendProcess,
  type OwnServer,
  type ServiceUnderTest,
} from '@nask/testkit';
import { openSurroundings, post, type Surroundings } from './fixtures/surroundings.ts';
import { scopedKey } from './idempotency/idempotency-key.ts';
import { createIdempotencyKeys } from './idempotency/key-store.ts';

jest.setTimeout(180_000);

const logger = createLogger({ service: 'test', level: 'silent' });
const prime = { type: 'prime', payload: { input: 100 } };
const gateways: ServiceUnderTest[] = [];
const acceptedIds = new Set<number>();
const unknownIds = new Set<number>();
let kafka: OwnServer;
let registry: OwnServer;
let store: OwnServer;
let around: Surroundings;

beforeAll(async () => {
  [kafka, registry, store] = await Promise.all([startOwnKafka(), startOwnRegistry(), startOwnStore()]);
  const own = { brokers: [kafka.address], registryUrl: registry.address, mongoUrl: store.address };
  around = await openSurroundings('gateway-outages', own);
});
afterEach(async () => {
  await Promise.all(gateways.splice(0).map((gateway) => gateway.close()));
});
afterAll(async () => {
  await around.close();
  await Promise.all([kafka, registry, store].map((server) => server.close()));
});

async function spawnGateway(): Promise<ServiceUnderTest> {
  const env = { ...around.env, PUBLISH_DEADLINE_MS: '2000', MONGODB_TIMEOUT_MS: '1000', ACCESS_LOG_LEVEL: 'off' };
  const gateway = await spawnService('gateway', env);
  gateways.push(gateway);
  return gateway;
}

/** A POST, and its answer; what it may have written is noted. */
async function attempt({ url }: ServiceUnderTest): Promise<{ answer: Response; body: Record<string, unknown> }> {
  const answer = await post(url, prime);
  const body = (await answer.json()) as Record<string, unknown>;
  if (answer.status === 202) acceptedIds.add(body['id'] as number);
  else if (body['type'] === '/problems/outcome-unknown') unknownIds.add(body['task_id'] as number);
  return { answer, body };
}

async function postedId(gateway: ServiceUnderTest): Promise<number> {
  const { answer, body } = await attempt(gateway);
  expect([answer.status, body]).toEqual([202, expect.objectContaining({ status: 'PENDING' })]);
  return body['id'] as number;
}

function expectUnavailable(answer: Response, body: Record<string, unknown>, ...names: string[]): void {
  expect([answer.status, answer.headers.get('retry-after')]).toEqual([503, expect.stringMatching(/^[1-9]$/)]);
  expect(names.map((name) => `/problems/${name}`)).toContain(body['type']);
}

const readinessOf = async ({ opsUrl }: ServiceUnderTest) => (await fetch(`${opsUrl}/readyz`)).json();

const get = ({ url }: ServiceUnderTest, path: string) => fetch(url + path);

describe('while the store is away', () => {
  test.each(['killed', 'stuck'])('(%s) tasks are accepted, reads are 503, and the gateway is ready', async (how) => {
    const gateway = await spawnGateway();
    const before = await postedId(gateway);
    await around.project();
    expect((await get(gateway, `/api/tasks/${before}`)).status).toBe(200);

    if (how === 'killed') await store.kill();
    else await suspendProcess(store.pid());
    try {
      const meanwhile = await postedId(gateway);
      for (const path of [`/api/tasks/${before}`, `/api/tasks/${meanwhile}`, '/api/tasks']) {
        const answer = await get(gateway, path);
        expectUnavailable(answer, (await answer.json()) as Record<string, unknown>, 'read-model-unavailable');
      }
      // Only who sends a key depends on the store.
      const keyed = await post(gateway.url, prime, { 'idempotency-key': 'store-away' });
      expectUnavailable(keyed, (await keyed.json()) as Record<string, unknown>, 'idempotency-keys-unavailable');
      expect(await readinessOf(gateway)).toMatchObject({ status: 'ok', dependencies: { store: { ok: false } } });
      // A gateway that starts meanwhile accepts tasks too, with ids of its own.
      const started = await spawnGateway();
      expect(await postedId(started)).toBeGreaterThan(meanwhile);
    } finally {
      if (how === 'killed') await store.start();
      else store.signal('SIGCONT');
    }
    await eventually(async () => expect((await get(gateway, `/api/tasks/${before}`)).status).toBe(200));
  });
});

describe('while Kafka is away', () => {
  test.each(['killed', 'stuck'])(
    '(%s) POST is a 503, what is in the read model is read, and all goes on after',
    async (how) => {
      const gateway = await spawnGateway();
      const before = await postedId(gateway);
      await around.project();

      if (how === 'killed') await kafka.kill();
      else await suspendProcess(kafka.pid());
      try {
        for (const { answer, body } of await Promise.all([attempt(gateway), attempt(gateway)]))
          expectUnavailable(answer, body, 'outcome-unknown', 'not-accepted');
        expect((await get(gateway, `/api/tasks/${before}`)).status).toBe(200);
        expect((await get(gateway, '/api/tasks')).status).toBe(200);
        const missing = await get(gateway, '/api/tasks/999');
        expectUnavailable(
          missing,
          (await missing.json()) as Record<string, unknown>,
          'read-model-unavailable',
          'read-model-behind',
        );
        await eventually(async () =>
          expect(await readinessOf(gateway)).toMatchObject({ status: 'ok', dependencies: { kafka: { ok: false } } }),
        );
        expect((await fetch(`${gateway.opsUrl}/healthz`)).status).toBe(200);
      } finally {
        if (how === 'killed') await kafka.start();
        else kafka.signal('SIGCONT');
      }

      await eventually(() => postedId(gateway));
      await eventually(async () =>
        expect(await readinessOf(gateway)).toMatchObject({ status: 'ok', dependencies: { kafka: { ok: true } } }),
      );
      const ids = (await around.requested()).map(({ key }) => Number(key));
      expect(new Set(ids).size).toBe(ids.length);
      expect(ids).toEqual(expect.arrayContaining([...acceptedIds]));
      // What is said to be certainly not accepted is not there.
      expect(ids.filter((id) => !acceptedIds.has(id) && !unknownIds.has(id))).toEqual([]);
      await around.project();
      expect((await get(gateway, '/api/tasks/999')).status).toBe(404);
    },
  );

  test('a key whose gateway is killed before Kafka has the task becomes the task that was meant', async () => {
    const { MONGODB_URL: url = '', MONGODB_DATABASE: database = '' } = around.env;
    const keys = createIdempotencyKeys({ url, database, timeoutMs: 10_000, logger });
    const [gateway, other] = await Promise.all([spawnGateway(), spawnGateway()]);
    const postTo = (to: ServiceUnderTest) => post(to.url, prime, { 'idempotency-key': 'killed' });
    let meant: number;
    await suspendProcess(kafka.pid());
    try {
      const cut = postTo(gateway).catch((error: Error) => error);
      meant = await eventually(async () => (await keys.find(scopedKey('killed', '')))!.taskId);
      await gateway.kill();
      expect(await cut).toHaveProperty('message', 'fetch failed');
    } finally {
      kafka.signal('SIGCONT');
    }
    // The key is held for as long as the request that died may have been at work.
    const answer = await eventually(async () => {
      const repeated = await postTo(other);
      expect(repeated.status).toBe(202);
      return repeated;
    });
    expect(await answer.json()).toMatchObject({ id: meant });
    expect((await around.requested()).filter(({ key }) => key === String(meant))).not.toEqual([]);
    await keys.close();
  });
});

describe('while the registry is away', () => {
  test('a gateway that knows its schemas serves as before', async () => {
    const gateway = await spawnGateway();
    await registry.kill();
    try {
      const id = await postedId(gateway);
      await around.project();
      expect((await get(gateway, `/api/tasks/${id}`)).status).toBe(200);
    } finally {
      await registry.start();
    }
  });

  test('a gateway that starts serves reads, and accepts tasks once the registry answers', async () => {
    const first = await spawnGateway();
    const id = await postedId(first);
    await around.project();
    await registry.kill();
    await first.stop();
    const restarted = first.start();
    try {
      await eventually(async () => expect((await get(first, `/api/tasks/${id}`)).status).toBe(200));
      const { answer, body } = await attempt(first);
      expectUnavailable(answer, body, 'not-accepted');
      expect((await fetch(`${first.opsUrl}/readyz`)).status).toBe(503);
    } finally {
      await registry.start();
    }
    await restarted;
    await postedId(first);
  });
});
