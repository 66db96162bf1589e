import { spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { eventually, isolate, testServers } from '@nask/testkit';
import { runCommand } from '../../local/stack/run-command.ts';
import { freePort } from '../../local/stack/ports.ts';
import { Client } from '../e2e/client.ts';
import { composeFile, readCompose, type Compose } from './compose.ts';
import { makeImageFolder, type ImageFolder } from './image-folder.ts';
import { metricsUsed } from './metrics-used.ts';

const names = ['gateway', 'executor', 'notifier', 'projector'] as const;
type Name = (typeof names)[number];
const isolation = isolate('image');
const closers: (() => Promise<void> | void)[] = [];
const opsPorts = new Map<Name, number>();
let image: ImageFolder;
let compose: Compose;
let client: Client;

/**
 * The environment of a container: the image's and what Compose adds, nothing else of this machine. Names of Compose's
 * network become the servers of this run; a few ports and names keep this test apart from others.
 */
function environmentOf(name: Name | 'contract', own: Record<string, string>): Record<string, string> {
  const { brokers, registryUrl, mongoUrl } = testServers();
  const given = Object.entries({ ...image.recipe.environment, ...compose.services[name]!.environment });
  const here = (value: string) =>
    value
      .replace('kafka:9092', brokers.join(','))
      .replace('http://registry:8080/apis/ccompat/v7', registryUrl)
      .replace('mongodb://mongo:27017/?directConnection=true', mongoUrl);
  const environment = Object.fromEntries(given.map(([key, value]) => [key, here(value)]));
  return { PATH: process.env['PATH']!, ...environment, TOPIC_PREFIX: isolation.topicPrefix, ...own };
}

/** Runs what a container runs, and ends it. */
function start(name: Name, environment: Record<string, string>): void {
  const [program = '', ...args] = [...image.recipe.entrypoint, ...compose.services[name]!.command!];
  expect(program).toBe('node');
  const child = spawn(process.execPath, args, { cwd: image.folder, env: environment, stdio: 'ignore' });
  const ended = new Promise<number | null>((resolve) => child.once('exit', resolve));
  closers.push(async () => {
    child.kill('SIGTERM');
    expect(await ended).toBe(0);
  });
}

/** Asks as the health check of the image does. */
async function isHealthy(port: number): Promise<void> {
  const [, ...args] = image.recipe.healthcheck;
  await runCommand(process.execPath, args, { env: { OPS_PORT: String(port) } });
}

beforeAll(async () => {
  compose = await readCompose(composeFile);
  image = makeImageFolder();
  closers.push(() => image.remove());
  const contract = compose.services['contract']!.command!;
  await runCommand(process.execPath, [join(image.folder, contract[0]!)], {
    env: environmentOf('contract', { TOPIC_PARTITIONS: '3' }),
  });
  const apiPort = await freePort();
  for (const name of names) {
    const port = await freePort();
    opsPorts.set(name, port);
    const database: Record<string, string> =
      name === 'gateway' || name === 'projector' ? { MONGODB_DATABASE: isolation.database } : {};
    start(
      name,
      environmentOf(name, { ...database, OPS_PORT: String(port), PORT: String(apiPort), LOG_LEVEL: 'error' }),
    );
  }
  client = new Client(`http://127.0.0.1:${apiPort}`);
  for (const port of opsPorts.values()) await eventually(() => isHealthy(port), { timeoutMs: 60_000 });
}, 300_000);

afterAll(async () => {
  for (const close of closers.toReversed()) await close();
}, 60_000);

describe('the image, outside a container', () => {
  test('runs a task', async () => {
    const { status, body } = await client.post({ type: 'fibonacci', payload: { input: 101 } });
    expect(status).toBe(202);
    await eventually(async () =>
      expect((await client.get(body.id)).body).toMatchObject({ status: 'SUCCESS', result: '573147844013817084101' }),
    );
  }, 60_000);

  test('has no tests in it, and nothing that only development needs', () => {
    const files = readdirSync(image.folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name).slice(image.folder.length))
      .filter((file) => !file.includes('/node_modules/'));
    expect(files).toContain('/services/gateway/src/main.ts');
    expect(files.filter((file) => /\.(test|suite)\.ts$|\/(fixtures|testing|testkit\/src)\//.test(file))).toEqual([]);
    for (const name of ['jest', 'typescript', 'prettier', 'node'])
      expect(existsSync(join(image.folder, 'node_modules', name))).toBe(false);
    expect(image.recipe.user).toBe('1000:1000');
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
