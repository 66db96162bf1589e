/**
 * `node bench/gateway.ts [seconds] [stored tasks]`: what the gateway does with a second of CPU at 64 connections, beside a
 * bare Koa with the same body parsing, in the same run: POST, and GET by id with so many tasks stored. The floor is a
 * Koa that does all the gateway does for a POST except Kafka.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isolate, runContract, serviceEnv, spawnService } from '@nask/testkit';
import { load, type Figures } from './gateway/load.ts';
import { getOf, post } from './gateway/requests.ts';
import { storeTasks } from './gateway/store-tasks.ts';
import { gatewayTarget, koaTarget, type Target } from './gateway/target.ts';
import { onServers } from './servers.ts';
import { printTable } from './table.ts';

const seconds = Number(process.argv[2] ?? 5);
const storedTasks = Number(process.argv[3] ?? 10_000);
const rounds = 3;
const warmUpSeconds = 20;
const aims = { POST: 0.6, GET: 0.4 };

const get = getOf(storedTasks);

function row(name: string, figures: Figures, base: Figures): string[] {
  const { perSecond, perCpuSecond, p50Ms, p99Ms, rssMb } = figures;
  return [
    name,
    perSecond.toFixed(0),
    perCpuSecond.toFixed(0),
    (perCpuSecond / base.perCpuSecond).toFixed(2),
    p50Ms.toFixed(1),
    p99Ms.toFixed(1),
    rssMb.toFixed(0),
  ];
}

async function measure(targets: { bare: Target; floor: Target; gateway: Target }): Promise<void> {
  const posted = { seconds, status: 202 };
  const read = { seconds, status: 200 };
  // As long as the compiler of a process that runs for days needs to come to rest: the gateway's some 60,000 requests.
  for (const target of Object.values(targets)) await load(target, post, { ...posted, seconds: warmUpSeconds });
  for (const target of [targets.bare, targets.gateway]) await load(target, get, { ...read, seconds: warmUpSeconds });
  for (let round = 1; round <= rounds; round += 1) {
    const barePost = await load(targets.bare, post, posted);
    const floorPost = await load(targets.floor, post, posted);
    const gatewayPost = await load(targets.gateway, post, posted);
    const bareGet = await load(targets.bare, get, read);
    const gatewayGet = await load(targets.gateway, get, read);
    printTable(
      [`round ${round}`, 'requests/s', 'per CPU s', 'of bare', 'p50 ms', 'p99 ms', 'RSS MB'],
      [
        row('POST, bare Koa', barePost, barePost),
        row('POST, floor', floorPost, barePost),
        row(`POST, gateway (aim ${aims.POST})`, gatewayPost, barePost),
        row('GET by id, bare Koa', bareGet, bareGet),
        row(`GET by id, gateway (aim ${aims.GET})`, gatewayGet, bareGet),
      ],
    );
  }
}

await onServers(async () => {
  const env = serviceEnv(isolate('bench-gateway'));
  const folder = await mkdtemp(join(tmpdir(), 'nask-bench-'));
  await runContract(env);
  const targets = {
    bare: await koaTarget('bare', folder),
    floor: await koaTarget('floor', folder),
    gateway: gatewayTarget(await spawnService('gateway', env)),
  };
  try {
    // Not before: a gateway does not start with ids that are there already.
    await storeTasks(env, storedTasks);
    await measure(targets);
  } finally {
    await Promise.all(Object.values(targets).map((target) => target.close()));
    await rm(folder, { recursive: true });
  }
});
