import { spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { eventually, isolate, testServers, webhookReceiver, type WebhookReceiver } from '@nask/testkit';
import { freePort, runCommand, serviceNames, type ServiceName } from '@nask/dev-stack';
import { Client } from '../e2e/system.ts';
import { composeFile, readCompose, type Compose } from './compose.ts';
import { makeImageFolder, type ImageFolder } from './image-folder.ts';
import { settingsOf } from './programs.ts';

/** The prefixes that metrics of ours and of Node have. */
const metric = /\b(?:kafka_(?:consumer|producer)|executor|notifier|projector|gateway|http|process|nodejs)_[a-z_]+\b/g;

const isolation = isolate('image');
const opsPorts = new Map<ServiceName, number>();
const started = new Set<string>();
const running: ReturnType<typeof launch>[] = [];
/** Rejects when a service ends badly. */
const broken = Promise.withResolvers<never>();
broken.promise.catch(() => undefined);
let image: ImageFolder;
let compose: Compose;
let client: Client;
let receiver: WebhookReceiver;

/**
 * The environment of a container: the image's and what Compose adds, nothing else of this machine. Names of Compose's
 * network become the servers of this run; a few ports and names keep this test apart from others.
 */
function environmentOf(name: ServiceName | 'contract', own: Record<string, string>): Record<string, string> {
  const { brokers, registryUrl, mongoUrl } = testServers();
  const given = Object.entries({ ...image.stage.environment, ...compose.services[name]!.environment });
  const here = (value: string) =>
    value
      .replace('kafka:9092', brokers.join(','))
      .replace('http://registry:8080/apis/ccompat/v7', registryUrl)
      .replace('mongodb://mongo:27017/?directConnection=true', mongoUrl);
  const environment = Object.fromEntries(given.map(([key, value]) => [key, here(value)]));
  return { PATH: process.env['PATH']!, ...environment, TOPIC_PREFIX: isolation.topicPrefix, ...own };
}

/** Starts a command of the image as a container would, in its folder. */
function launch(command: readonly string[], env: Record<string, string>) {
  const [program = '', ...args] = [...image.stage.entrypoint, ...command];
  expect(program).toBe('node');
  started.add(args[0]!);
  const child = spawn(process.execPath, args, { cwd: image.folder, env, stdio: ['ignore', 'ignore', 'pipe'] });
  let said = '';
  child.stderr.on('data', (chunk: Buffer) => (said = `${said}${chunk.toString()}`.slice(-2_000)));
  const ended = new Promise<string>((resolve) => {
    child.once('close', (code, signal) =>
      resolve(code === 0 ? '' : `${args[0]} ended with ${code ?? signal}: ${said}`),
    );
  });
  return { stop: () => child.kill('SIGTERM'), ended };
}

/** Runs a command to its end. */
async function run(command: readonly string[], env: Record<string, string>): Promise<void> {
  expect(await launch(command, env).ended).toBe('');
}

/** Starts a service, which is stopped after the tests. */
function start(name: ServiceName, env: Record<string, string>): void {
  const service = launch(compose.services[name]!.command!, env);
  running.push(service);
  void service.ended.then((fault) => fault === '' || broken.reject(new Error(fault)));
}

/** Asks as the health check of the image does. */
async function isHealthy(port: number): Promise<void> {
  const [, ...args] = image.stage.healthcheck;
  await runCommand(process.execPath, args, { env: { OPS_PORT: String(port) } });
}

beforeAll(async () => {
  compose = await readCompose(composeFile);
  image = makeImageFolder();
  receiver = await webhookReceiver();
  const contract = environmentOf('contract', { TOPIC_PARTITIONS: '3' });
  await run(compose.services['contract']!.command!, contract);
  // As the init containers of the pods do.
  await Promise.all(serviceNames.map((name) => run(['packages/task-log/src/await-contract-cli.ts', name], contract)));
  const apiPort = await freePort();
  const own: Record<ServiceName, Record<string, string>> = {
    gateway: { MONGODB_DATABASE: isolation.database, PORT: String(apiPort) },
    executor: {},
    notifier: { WEBHOOK_ALLOWED_NETWORKS: '127.0.0.0/8' },
    projector: { MONGODB_DATABASE: isolation.database },
  };
  for (const name of serviceNames) {
    const port = await freePort();
    opsPorts.set(name, port);
    start(name, environmentOf(name, { ...own[name], OPS_PORT: String(port), LOG_LEVEL: 'error' }));
  }
  client = new Client(`http://127.0.0.1:${apiPort}`);
  for (const port of opsPorts.values())
    await Promise.race([eventually(() => isHealthy(port), { timeoutMs: 60_000 }), broken.promise]);
}, 300_000);

afterAll(async () => {
  for (const { stop } of running) stop();
  const endings = await Promise.all(running.map(({ ended }) => ended));
  await receiver?.close();
  image?.remove();
  const faults = endings.filter((fault) => fault !== '');
  if (faults.length > 0) throw new Error(faults.join('\n'));
}, 60_000);

describe('the image, outside a container', () => {
  test('runs a computation in a thread, and sends its webhook', async () => {
    const notify_url = `${receiver.url}done`;
    const { status, body } = await client.post({ type: 'prime', payload: { input: 200_000 }, notify_url });
    expect(status).toBe(202);
    const { json } = await receiver.waitFor(({ path }) => path === '/done');
    expect(json).toMatchObject({ id: body.id, status: 'SUCCESS', result: 2_750_159 });
    await eventually(async () =>
      expect((await client.get(body.id)).body).toMatchObject({ status: 'SUCCESS', result: 2_750_159 }),
    );
  }, 60_000);

  test('has every command that Compose and the manifests may run, and each was started', () => {
    expect([...started].toSorted()).toEqual([...settingsOf.keys()].toSorted());
    expect(started).toContain(image.stage.command[0]);
  });

  test('has no tests in it, and nothing that only development needs', () => {
    const files = readdirSync(image.folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name).slice(image.folder.length))
      .filter((file) => !file.includes('/node_modules/'));
    expect(files).toContain('/services/gateway/src/main.ts');
    expect(
      files.filter((file) => /\.(test|suite)\.ts$|\/(fixtures|testing|(testkit|dev-stack)\/src)\//.test(file)),
    ).toEqual([]);
    expect(files.filter((file) => /^\/(package-lock|patches|tests|docs|local|k8s)/.test(file))).toEqual([]);
    for (const name of ['jest', 'typescript', 'prettier', 'node'])
      expect(existsSync(join(image.folder, 'node_modules', name))).toBe(false);
    expect(image.stage.user).toBe('1000:1000');
  });

  test('exports each metric that a dashboard, an alert or an autoscaler asks for', async () => {
    const exported = new Set(['up']);
    for (const port of opsPorts.values()) {
      const text = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
      for (const [, name, type] of text.matchAll(/^# TYPE (\S+) (\S+)$/gm)) {
        exported.add(name!);
        if (type === 'histogram') for (const part of ['_bucket', '_sum', '_count']) exported.add(name! + part);
      }
    }
    const root = join(import.meta.dirname, '..', '..');
    const files = [
      'deploy/prometheus/alerts.yml',
      'deploy/grafana/dashboards/nask-task.json',
      'k8s/components/scaling/scaled-objects.yaml',
    ].map((file) => readFileSync(join(root, file), 'utf8'));
    const used = files.flatMap((text) => metricsUsed(text));
    expect(used.length).toBeGreaterThan(20);
    expect(used.filter((name) => !exported.has(name))).toEqual([]);
    expect(metricsUsed('expr: sum(executor_task_running)').filter((name) => !exported.has(name))).toHaveLength(1);
  });

  // Last, for it breaks the image.
  test('does not start when a part of it was not copied', async () => {
    rmSync(join(image.folder, 'schemas'), { recursive: true });
    const gateway = runCommand(process.execPath, [join(image.folder, 'services/gateway/src/main.ts')]);
    await expect(gateway).rejects.toThrow(/ERR_MODULE_NOT_FOUND/);
  });
});

/** The metrics that the queries (`expr`, `query`) of a file of rules, of a dashboard or of a ScaledObject ask for. */
function metricsUsed(text: string): string[] {
  const queries = text.split('\n').filter((line) => /^\s*"?(?:expr|query)"?:/.test(line));
  return [...new Set(queries.flatMap((line) => line.match(metric) ?? []))];
}
