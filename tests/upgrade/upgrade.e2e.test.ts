import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { freePort, runCommand, type ServiceName } from '@nask/dev-stack';
import { deadLetterTopic, type TaskResource } from '@nask/schemas';
import {
  eventually,
  isolate,
  runContract,
  serviceEnv,
  spawnService,
  testServers,
  webhookReceiver,
  type ReceivedRequest,
  type ServiceUnderTest,
  type WebhookReceiver,
} from '@nask/testkit';
import { MongoClient } from 'mongodb';
import type { EventOf } from '@nask/task-log';
import { openTestTaskLog, type TestTaskLog } from '@nask/testkit/task-log';
import { earlierVersion } from './earlier-version.ts';
import { Load, type AcceptedTask, type GatewayAddress, type Recipe } from './load.ts';

/**
 * The upgrade from 0.1 to this version, service by service and under load, in the order of docs/upgrading.md; then the way
 * back. The load checks each answer meanwhile, and the tests at the end check what is left of it.
 */
const commitOf01 = '2bbe9b3854d71865bbe88480ac122b19d196f1b8';

type Version = '0.1' | '0.2';
const isolation = isolate('upgrade');
const servers = testServers();
const closers: (() => Promise<unknown>)[] = [];
const projects = { '0.1': '', '0.2': join(import.meta.dirname, '..', '..') };
/** Folders with the task types that both versions have, and those that the new one has. */
const taskTypes = { '0.1': '', '0.2': '' };
let receiver: WebhookReceiver;
let load: Load;
let log: TestTaskLog;
/** Of 0.1 and 0.2, in the end. */
let gateways: GatewayAddress[];
let servicesOf01: ServiceUnderTest[];
const upgradeTimeoutMs = 240_000;
const maxFaultsShown = 10;

async function closing<T extends { close(): Promise<unknown> }>(starting: Promise<T>): Promise<T> {
  const started = await starting;
  closers.push(() => started.close());
  return started;
}

/** A part of the upgrade. Its duration is printed. @throws with what the load has found so far */
async function step<T>(name: string, run: () => Promise<T>): Promise<T> {
  const startedAtMs = performance.now();
  try {
    return await run();
  } catch (cause) {
    const faults = load?.faults.slice(0, maxFaultsShown) ?? [];
    throw new Error([`${name}: ${(cause as Error).message}`, ...faults].join('\n'), { cause });
  } finally {
    process.stdout.write(`   upgrade: ${((performance.now() - startedAtMs) / 1_000).toFixed(1)} s: ${name}\n`);
  }
}

/** Settings of all services of a version. Waits and delays are short where a step would have to wait for them. */
function settingsOf(version: Version): Record<string, string> {
  return {
    ...serviceEnv(isolation, servers),
    TASK_TYPES_FOLDER: taskTypes[version],
    TOPIC_PARTITIONS: '3',
    WEBHOOK_ALLOWED_NETWORKS: '127.0.0.0/8',
    NOTIFY_RETRY_DELAYS_MS: '3000,120000',
    EXECUTOR_THREADS: '1',
    EXECUTOR_NAME: `executor ${version}`,
    GATEWAY_NAME: `gateway-${version}`,
    NOTIFIER_NAME: `notifier ${version}`,
    // Long enough for the time-outs to be faults of the system, not of a busy machine.
    READ_WAIT_MS: '20000',
    MONGODB_TIMEOUT_MS: '10000',
    PUBLISH_DEADLINE_MS: '20000',
    SHUTDOWN_GRACE_MS: '4000',
    ACCESS_LOG_LEVEL: 'off',
  };
}

function start(version: Version, name: ServiceName, more: Record<string, string> = {}): Promise<ServiceUnderTest> {
  return closing(spawnService(name, { ...settingsOf(version), ...more }, { project: projects[version] }));
}

/** SIGTERM, as an orchestrator sends it. */
async function drain(service: ServiceUnderTest): Promise<void> {
  const exit = service.exit();
  service.signal('SIGTERM');
  expect(await exit).toMatchObject({ code: 0 });
}

function addressOf(version: Version, { url }: ServiceUnderTest): GatewayAddress {
  return { name: version, url };
}

/** Waits until an executor has ended a number of tasks, from now on. */
async function ended(version: Version, count: number): Promise<void> {
  const byExecutor = async () =>
    (await log.events('tasks.completed')).filter(({ executor }) => executor === `executor ${version}`).length;
  const wanted = (await byExecutor()) + count;
  await eventually(async () => expect(await byExecutor()).toBeGreaterThanOrEqual(wanted), { intervalMs: 200 });
}

/** Kinds of tasks: some are open during each step. */
function recipes(): Recipe[] {
  const webhook = receiver.url;
  const success = (result: unknown) => ({ status: 'SUCCESS', result }) as const;
  const prime = { type: 'prime', payload: { input: 100 } };
  const fibonacci = { type: 'fibonacci', payload: { input: 50 } };
  const sleep = (input: number) => ({ type: 'sleep', payload: { input }, notify_url: webhook });
  return [
    { body: { ...prime, notify_url: webhook }, ending: success(541), followUp: 'redeliver' },
    { body: fibonacci, ending: success('12586269025') },
    { body: sleep(4), ending: success(4) },
    { body: { ...fibonacci, notify_url: webhook }, ending: success('12586269025'), followUp: 'repeat the POST' },
    { body: { type: 'flaky', payload: {}, notify_url: webhook }, ending: success(2) },
    { body: sleep(0.2), ending: success(0.2) },
    { body: prime, ending: success(541), followUp: 'erase' },
    { body: { type: 'failing', payload: {}, notify_url: webhook }, ending: { status: 'FAILURE' } },
    { body: sleep(600), ending: { status: 'REVOKED' }, followUp: 'cancel' },
    { body: sleep(1), ending: success(1) },
  ];
}

const tags = ['upgrade', 'batch:7'];

/** What comes with 0.2: a task type, and fields of a POST. */
function newRecipes(): Recipe[] {
  const ending = { status: 'SUCCESS', result: 541 } as const;
  return [
    { body: { type: 'new', payload: {} }, ending: { status: 'SUCCESS', result: true } },
    { body: { type: 'prime', payload: { input: 100 }, tags }, ending, followUp: 'repeat the POST' },
    { body: { type: 'prime', payload: { input: 100 }, notify_url: receiver.url, include_result: false }, ending },
    { body: { type: 'new', payload: {}, tags }, ending: { status: 'SUCCESS', result: true }, followUp: 'erase' },
  ];
}

/** The tasks whose first webhook was answered 503, so that during each step a few wait for their next attempt. */
const refused = new Map<number, ReceivedRequest>();

function respond(request: ReceivedRequest): { status: number } {
  const { id } = request.json as TaskResource;
  if (id % 6 !== 0 || refused.has(id)) return { status: 200 };
  refused.set(id, request);
  return { status: 503 };
}

/** The bodies of a task's webhooks that were taken. */
function webhooksOf(id: number): TaskResource[] {
  const taken = receiver.requests.filter((request) => request !== refused.get(id));
  return taken.map(({ json }) => json as TaskResource).filter((webhook) => webhook.id === id);
}

beforeAll(async () => {
  projects['0.1'] = await step('0.1 laid out from git', () => earlierVersion(commitOf01));
  const folder = await mkdtemp(join(tmpdir(), 'nask-upgrade-'));
  closers.push(() => rm(folder, { recursive: true, force: true }));
  for (const version of ['0.1', '0.2'] as const) {
    taskTypes[version] = join(folder, version);
    await cp(join(import.meta.dirname, 'task-types'), taskTypes[version], { recursive: true });
  }
  await cp(join(import.meta.dirname, 'new-task-types'), taskTypes['0.2'], { recursive: true });
  receiver = await closing(webhookReceiver(respond));
  await upgrade();
}, upgradeTimeoutMs);

afterAll(async () => {
  await Promise.all(closers.toReversed().map((close) => close()));
}, 60_000);

async function upgrade(): Promise<void> {
  const old = await step('0.1 started', async () => {
    await runContract(settingsOf('0.1'), projects['0.1']);
    const [projector, executor, notifier, gateway] = await Promise.all([
      start('0.1', 'projector'),
      start('0.1', 'executor'),
      start('0.1', 'notifier'),
      start('0.1', 'gateway'),
    ]);
    return { projector, executor, notifier, gateway };
  });
  const gateway01 = addressOf('0.1', old.gateway);
  load = new Load({
    recipes: recipes(),
    traffic: { writes: [gateway01], reads: [gateway01] },
    isNotified: (id) => webhooksOf(id).length > 0,
  });
  load.start();
  closers.push(() => load.stop());
  await step('load on 0.1', () => load.answered('POST', '0.1', 50));

  await step('contract', async () => {
    await runContract(settingsOf('0.2'));
    log = await closing(openTestTaskLog(isolation, { servers, hasContract: true }));
  });
  // Before the projector, to see it wait. Clients use it later.
  const opsPort = String(await freePort());
  const startingGateway = start('0.2', 'gateway', { OPS_PORT: opsPort });
  // A failure is reported below.
  startingGateway.catch(() => undefined);
  await step('gateway 0.2 beside 0.1 waits for read model 2', () =>
    eventually(async () => {
      const response = await fetch(`http://127.0.0.1:${opsPort}/readyz`);
      expect([response.status, await response.text()]).toEqual([
        503,
        expect.stringContaining('version 2 of the read model'),
      ]);
    }),
  );
  await step('projector 0.2 beside 0.1', () => start('0.2', 'projector'));
  await step('executor', async () => {
    await start('0.2', 'executor');
    await Promise.all([ended('0.1', 10), ended('0.2', 10)]);
    await drain(old.executor);
  });
  await step('notifier', async () => {
    await start('0.2', 'notifier');
    await drain(old.notifier);
  });
  const gateway02 = addressOf('0.2', await step('gateway 0.2 is ready', () => startingGateway));
  await step('clients move', async () => {
    await load.redirect({ writes: [gateway01, gateway02], reads: [gateway01, gateway02] });
    await Promise.all([load.answered('POST', '0.1', 20), load.answered('POST', '0.2', 20)]);
    await eventually(expectKeysAreShared);
    await load.redirect({ writes: [gateway02], reads: [gateway01, gateway02] });
    load.recipes = [...recipes(), ...newRecipes()];
  });
  await step('an executor of 0.1 is back for a while', async () => {
    const executor = await start('0.1', 'executor');
    const isDeferred = async () => expect(await log.records('tasks.deferred')).not.toEqual([]);
    await Promise.all([ended('0.1', 10), ended('0.2', 10), eventually(isDeferred)]);
    await drain(executor);
  });
  await step('the rest of 0.1 stops', async () => {
    await load.redirect({ writes: [gateway02], reads: [gateway02] });
    await Promise.all([drain(old.gateway), drain(old.projector)]);
    await load.answered('POST', '0.2', 20);
  });
  await step('the load ends', async () => {
    await load.stop();
    await allShown(gateway02);
  });
  await step('0.1 is back, and reads what 0.2 wrote while it was away', async () => {
    expect(await runContract(settingsOf('0.1'), projects['0.1'])).toContain('Nothing to do');
    await Promise.all([old.projector.start(), old.gateway.start()]);
    await allShown(gateway01);
  });
  gateways = [gateway01, gateway02];
  servicesOf01 = [old.gateway, old.projector];
}

/** Waits until a gateway shows the end of all tasks. */
function allShown(gateway: GatewayAddress): Promise<void> {
  return eventually(async () => expect(await load.unfinished(gateway)).toEqual([]), { timeoutMs: 60_000 });
}

test('the load met both versions, and no answer broke a promise of the API', () => {
  expect(load.faults).toEqual([]);
  const tasks = [...load.accepted.values()];
  for (const { name } of gateways) {
    const done = new Set(tasks.filter((task) => task.followedUpBy.includes(name)).map(({ followUp }) => followUp));
    expect(done).toEqual(new Set(['cancel', 'erase', 'redeliver', 'repeat the POST']));
  }
});

/** A POST with a key was repeated at the gateway of the other version, in both directions. */
function expectKeysAreShared(): void {
  const ways = [...load.accepted.values()].flatMap(({ idempotencyKey, gateway, followedUpBy }) =>
    idempotencyKey === undefined ? [] : followedUpBy.map((name) => `${gateway} ${name}`),
  );
  expect(ways).toEqual(expect.arrayContaining(['0.1 0.2', '0.2 0.1']));
}

test('each task that was accepted has one outcome, which the gateways of both versions show', async () => {
  const outcomes = await readOutcomes();
  expect(new Set(outcomes.keys())).toEqual(new Set(load.accepted.keys()));
  for (const task of load.accepted.values()) {
    const { outcome, result } = outcomes.get(task.id)!;
    const ending = { status: outcome, ...(result === null ? {} : { result: JSON.parse(result) as unknown }) };
    expect({ id: task.id, ...ending }).toEqual({ id: task.id, ...task.ending });
    for (const shown of await Promise.all(gateways.map((gateway) => load.read(task, gateway))))
      if (task.followUp !== 'erase') expect(shown).toMatchObject({ id: task.id, ...task.ending });
  }
});

test('fields of 0.2 are there where 0.2 wrote them, and 0.1 leaves them out', async () => {
  const outcomes = await readOutcomes();
  const isBy02 = ({ id }: AcceptedTask) => outcomes.get(id)!.executor === 'executor 0.2';
  const tasks = [...load.accepted.values()].filter(({ followUp }) => followUp !== 'erase');
  const [gateway01, gateway02] = gateways as [GatewayAddress, GatewayAddress];

  for (const task of tasks.filter(({ body }) => body.tags !== undefined)) {
    expect(await load.read(task, gateway02)).toMatchObject({ tags });
    expect(await load.read(task, gateway01)).not.toHaveProperty('tags');
  }
  for (const task of tasks.filter(({ body }) => body.type === 'failing')) {
    const [shown01, shown02] = await Promise.all(gateways.map((gateway) => load.read(task, gateway)));
    const error = isBy02(task)
      ? {
          code: 'UPSTREAM.503',
          message: 'no answer',
          causes: [{ name: 'Error', message: 'connection refused (code ECONNREFUSED)' }],
        }
      : { code: 'handler-failed', message: 'no answer' };
    expect(shown02!.error).toEqual(error);
    expect(shown01!.error).toEqual({ code: error.code, message: error.message });
  }
  const withoutResult = tasks.filter((task) => task.body.include_result === false && isBy02(task));
  expect(withoutResult).not.toEqual([]);
  for (const { id } of withoutResult)
    for (const webhook of webhooksOf(id)) expect(webhook).not.toHaveProperty('result');
});

/** The outcome of each task that has ended: its completion with the lowest offset. */
async function readOutcomes(): Promise<Map<number, EventOf<'tasks.completed'>>> {
  const outcomes = new Map<number, EventOf<'tasks.completed'>>();
  for (const event of await log.events('tasks.completed'))
    if (!outcomes.has(event.task_id)) outcomes.set(event.task_id, event);
  return outcomes;
}

test('the executor of each version ended tasks that the gateway of the other accepted', async () => {
  const pairs = new Set<string>();
  for (const { task_id: id, executor } of await log.events('tasks.completed'))
    pairs.add(`${load.accepted.get(id)!.gateway} by ${executor}`);
  expect([...pairs].toSorted()).toEqual([
    '0.1 by executor 0.1',
    '0.1 by executor 0.2',
    '0.2 by executor 0.1',
    '0.2 by executor 0.2',
  ]);
});

test('each webhook arrived, with the outcome, and those asked for again a second time', async () => {
  const tasks = [...load.accepted.values()].filter(({ body }) => body.notify_url !== undefined);
  for (const task of tasks) {
    const redeliveries = task.followUp === 'redeliver' ? task.followedUpBy.length : 0;
    const webhooks = await eventually(() => {
      const webhooks = webhooksOf(task.id);
      expect(webhooks.length).toBeGreaterThan(redeliveries);
      return webhooks;
    });
    const { result: _result, ...withoutResult } = task.ending;
    const content = task.body.include_result === false ? withoutResult : task.ending;
    for (const webhook of webhooks) expect(webhook).toMatchObject({ type: task.body.type, ...content });
  }
});

test('no record of either version is a dead letter of the other', async () => {
  const services = ['executor', 'notifier', 'projector'] as const;
  const letters = await Promise.all(services.map((service) => log.records(deadLetterTopic(service))));
  expect(letters.flat().map(({ headers, key }) => ({ headers, key }))).toEqual([]);
});

test.each(['0.1', '0.2'] as const)(
  'the read model of %s is what the log says',
  async (version) => {
    expect(await projector(version, 'verify')).toContain(
      `${load.accepted.size} tasks and their history, 0 differences`,
    );
  },
  60_000,
);

test('read model 1 is dropped once no projector of 0.1 runs, and not before', async () => {
  await expect(projector('0.2', 'drop', 'v1')).rejects.toThrow('A projector of version 1 is running');
  await Promise.all(servicesOf01.map(drain));
  await projector('0.2', 'drop', 'v1');
  const client = new MongoClient(servers.mongoUrl);
  closers.push(() => client.close());
  const collections = await client.db(isolation.database).listCollections({}, { nameOnly: true }).toArray();
  const others = collections.map(({ name }) => name).filter((name) => !name.includes('_v2'));
  expect(others.toSorted()).toEqual(['idempotency_keys', 'read_model']);
  const task = load.accepted.values().find(({ followUp }) => followUp !== 'erase');
  expect(await load.read(task!, gateways[1])).toMatchObject({ id: task!.id });
});

/** `npm run projector` of a version. @returns what it prints @throws unless it ends with exit code 0 */
function projector(version: Version, ...args: string[]): Promise<string> {
  const cli = join(projects[version], 'services', 'projector', 'src', 'cli.ts');
  return runCommand(process.execPath, [cli, ...args], { env: settingsOf(version) });
}
