import { randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { TaskResource } from '@nask/schemas';
import {
  eventually,
  isolate,
  runContract,
  spawnService,
  startOwnKafka,
  startOwnRegistry,
  startOwnStore,
  startTcpProxy,
  webhookReceiver,
  type OwnServer,
  type ProxyMode,
  type ServiceUnderTest,
  type TcpProxy,
  type WebhookReceiver,
} from '@nask/testkit';
import { runCommand } from '@nask/dev-stack';
import { openStoreProxy } from '../../services/projector/src/fixtures/store-proxy.ts';
import { startSystem, systemEnv, type System } from './system.ts';

/**
 * Recovery of every client of a server: all services at once, each of their servers behind a proxy. An outage is of all
 * three servers; they come back one after the other, so that each client of a later one meets it away while the earlier
 * ones work. The promise is 5 s; what is asserted leaves room for a machine that runs other tests as well, and the time that
 * it took is printed.
 */
const promisedMs = 5_000;
const toleratedMs = 3 * promisedMs;
const outageMs = 5_000;
const betweenReturnsMs = 1_000;

const outages: readonly (readonly [string, ProxyMode | 'errors'])[] = [
  ['away', 'refuse'],
  ['silent: connections are accepted, and nothing is answered', 'hang'],
  ['answering with errors', 'errors'],
];
const serviceNames = ['gateway', 'executor', 'notifier', 'projector'] as const;
const isolation = isolate('recovery');
const closers: (() => Promise<unknown>)[] = [];
let proxies: { registry: TcpProxy; kafka: TcpProxy; store: TcpProxy };
let showErrors = false;
let receiver: WebhookReceiver;
let env: Record<string, string>;
let system: System;
let services: ServiceUnderTest[];

async function closing<T extends { close(): Promise<unknown> }>(starting: Promise<T>): Promise<T> {
  const started = await starting;
  closers.push(() => started.close());
  return started;
}

beforeAll(async () => {
  let kafka: OwnServer | undefined;
  const kafkaProxy = await closing(startTcpProxy(() => kafka!.port));
  const [ownKafka, registry, store] = await Promise.all([
    closing(startOwnKafka({ advertisedPort: kafkaProxy.port })),
    closing(startOwnRegistry()),
    closing(startOwnStore()),
  ]);
  kafka = ownKafka;
  receiver = await closing(webhookReceiver());
  const brokenRegistryPort = await openBrokenRegistry();
  const brokenStore = await closing(openStoreProxy(store.address, notWritable));
  proxies = {
    registry: await closing(startTcpProxy(() => (showErrors ? brokenRegistryPort : registry.port))),
    kafka: kafkaProxy,
    store: await closing(startTcpProxy(() => (showErrors ? Number(new URL(brokenStore.url).port) : store.port))),
  };

  const servers = {
    brokers: [`127.0.0.1:${proxies.kafka.port}`],
    registryUrl: withPort(registry.address, proxies.registry.port),
    mongoUrl: withPort(store.address, proxies.store.port),
  };
  const settings = {
    TOPIC_PARTITIONS: '3',
    PUBLISH_DEADLINE_MS: '2000',
    READ_WAIT_MS: '2000',
    ACCESS_LOG_LEVEL: 'off',
    // Longer than is tolerated: no consumer may have to wait for a member that is gone.
    KAFKA_SESSION_TIMEOUT_MS: '60000',
  };
  env = systemEnv(isolation, servers, settings);
  system = await closing(startSystem(isolation, servers, settings));
  // Two members of a group come back one after the other.
  const secondExecutor = await closing(spawnService('executor', env));
  services = [...serviceNames.map((name) => system.service(name)), secondExecutor];
}, 180_000);

afterAll(async () => {
  for (const close of closers.toReversed()) await close();
}, 120_000);

function withPort(address: string, port: number): string {
  const url = new URL(address);
  url.port = String(port);
  return url.href;
}

/** A registry that is there and cannot work, as with its database away. */
async function openBrokenRegistry(): Promise<number> {
  const server = createServer((_request, answer) => {
    answer.writeHead(503, { 'content-type': 'application/json', connection: 'close' });
    answer.end('{"error_code":50001,"message":"Error in the backend datastore"}');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closers.push(() => new Promise((resolve) => server.close(resolve)));
  return (server.address() as AddressInfo).port;
}

/** Every command fails as in a failover; the driver's monitor is answered. */
function notWritable(command: Record<string, unknown>) {
  if ('hello' in command || 'ismaster' in command) return undefined;
  const [code, codeName] = [10107, 'NotWritablePrimary'];
  return { when: 'before', answer: { ok: 0, errmsg: codeName, code, codeName } } as const;
}

async function begin(outage: ProxyMode | 'errors'): Promise<void> {
  showErrors = outage === 'errors';
  // What was connected before has to meet the errors as well.
  const cut = outage === 'errors' ? 'reset' : outage;
  await Promise.all(Object.values(proxies).map((proxy) => proxy.set(cut)));
  // Kafka has no error that stands for all requests: its connections go on being closed.
  if (outage === 'errors') await Promise.all([proxies.registry.set('pass'), proxies.store.set('pass')]);
}

/** @returns when the last server was back, on performance.now()'s clock */
async function end(): Promise<number> {
  const wereBroken = showErrors;
  showErrors = false;
  for (const name of ['registry', 'kafka', 'store'] as const) {
    if (name !== 'registry') await sleep(betweenReturnsMs);
    if (wereBroken) await proxies[name].set('reset');
    await proxies[name].set('pass');
  }
  return performance.now();
}

/** The key needs the store, the rest Kafka and, at the start, the registry. */
function postTask(): Promise<Response> {
  return fetch(`${system.service('gateway').url}/api/tasks`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'idempotency-key': randomUUID() },
    body: JSON.stringify({ type: 'prime', notify_url: receiver.url, payload: { input: 100 } }),
    signal: AbortSignal.timeout(toleratedMs),
  });
}

/** A task from its POST to its webhook, through all services and servers. */
async function expectTaskDone(): Promise<void> {
  const posted = await postTask();
  const { id } = (await posted.json()) as TaskResource;
  expect(posted.status).toBe(202);
  await receiver.waitFor(({ json }) => (json as TaskResource).id === id, { timeoutMs: toleratedMs });
  await eventually(
    async () => expect((await system.client.get(id)).body).toMatchObject({ status: 'SUCCESS', result: 541 }),
    {
      timeoutMs: toleratedMs,
    },
  );
}

async function expectRecovery(outage: string, backAtMs: number): Promise<void> {
  await eventually(expectTaskDone, { timeoutMs: toleratedMs });
  await eventually(async () => {
    const ready = services.map(async ({ opsUrl }) => (await fetch(`${opsUrl}/readyz`)).status);
    expect(await Promise.all(ready)).toEqual(services.map(() => 200));
  });
  const tookMs = performance.now() - backAtMs;
  process.stdout.write(`   recovery: ${(tookMs / 1_000).toFixed(1)} s after the servers were ${outage}\n`);
  expect(tookMs).toBeLessThan(toleratedMs);
}

/** A restart does not help against a server that is away. */
async function expectNoneWantsARestart(): Promise<void> {
  const live = services.map(async ({ opsUrl }) => (await fetch(`${opsUrl}/healthz`)).status);
  expect(await Promise.all(live)).toEqual(services.map(() => 200));
}

test.each(outages)(
  'running services work again after their servers were %s',
  async (outage, mode) => {
    await expectTaskDone();
    await begin(mode);
    await sleep(outageMs);
    await expectNoneWantsARestart();
    expect((await fetch(`${system.service('gateway').opsUrl}/readyz`)).status).toBe(200);
    expect((await postTask()).status).toBe(503);
    await expectRecovery(outage, await end());
  },
  60_000,
);

test.each(outages)(
  'services, and the contract, start while their servers are %s',
  async (outage, mode) => {
    await Promise.all(services.map((service) => service.stop()));
    await begin(mode);
    const starting = Promise.all([
      ...services.map((service) => service.start()),
      runContract(env),
      runCommand(process.execPath, [awaitContractCli, 'executor'], { env }),
    ]);
    // A failure is reported below.
    starting.catch(() => undefined);
    await sleep(outageMs);
    await eventually(expectNoneWantsARestart);
    const backAtMs = await end();
    await starting;
    await expectRecovery(outage, backAtMs);
  },
  60_000,
);

const awaitContractCli = join(import.meta.dirname, '..', '..', 'packages', 'task-log', 'src', 'await-contract-cli.ts');
