/**
 * `node bench/broker.ts [TASKS]`: what the compiler of the broker's JVM costs and gains: for C1 alone, HotSpot's defaults and
 * the flags of `npm start`, in turn, each on a fresh broker, the start of the broker, then tasks from POST to webhook
 * at 64 connections, in three runs on the same warm processes.
 */
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { isolate, startOwnKafka, startOwnRegistry, startOwnStore, type TestServers } from '@nask/testkit';
import type { AddressInfo } from 'node:net';
import { Pool } from 'undici';
import { lateOptimisingCompiler, quickCompiler } from '../local/stack/small-jvm.ts';
import { startSystem } from '../tests/e2e/system.ts';
import { printTable } from './table.ts';

const tasks = Number(process.argv[2] ?? 20_000);
const rounds = 2;
const runs = 3;
const connections = 64;
const compilers = {
  'C1 alone': quickCompiler,
  'HotSpot’s defaults': [],
  'npm start': lateOptimisingCompiler,
};

/** CPU time of a process so far, in seconds: Linux counts it in hundredths. */
function cpuSeconds(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
  // After the command's name, which may hold spaces: user and system time are fields 14 and 15 of the line.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

/** Counts webhooks. */
async function startReceiver() {
  let received = 0;
  let wanted = { count: Infinity, arrived: () => {} };
  const server = createServer((request, response) => {
    request.resume().once('end', () => {
      response.writeHead(204).end();
      received += 1;
      if (received >= wanted.count) wanted.arrived();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    /** Resolved once that many more have arrived. */
    next: (count: number) =>
      new Promise<void>((resolve) => {
        wanted = { count: received + count, arrived: resolve };
      }),
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
}

async function post(apiUrl: string, notifyUrl: string): Promise<void> {
  const pool = new Pool(apiUrl, { connections, pipelining: 1 });
  const body = JSON.stringify({ type: 'fibonacci', payload: { input: 10 }, notify_url: notifyUrl });
  let sent = 0;
  async function keepBusy(): Promise<void> {
    while (sent < tasks) {
      sent += 1;
      const headers = { 'content-type': 'application/json' };
      const answer = await pool.request({ path: '/api/tasks', method: 'POST', headers, body });
      await answer.body.dump();
      if (answer.statusCode !== 202) throw new Error(`a POST was answered ${answer.statusCode}`);
    }
  }
  await Promise.all(Array.from({ length: connections }, keepBusy));
  await pool.close();
}

async function measure(
  name: string,
  compiler: readonly string[],
  shared: Omit<TestServers, 'brokers'>,
): Promise<string[]> {
  const startedMs = performance.now();
  const kafka = await startOwnKafka({ compiler });
  const row = [name, ((performance.now() - startedMs) / 1_000).toFixed(1)];
  const pid = kafka.pid()!;
  const receiver = await startReceiver();
  const settings = { LOG_LEVEL: 'warn', ACCESS_LOG_LEVEL: 'off' };
  const system = await startSystem(isolate('bench-broker'), { ...shared, brokers: [kafka.address] }, settings);
  try {
    for (let run = 0; run < runs; run += 1) {
      const [beforeMs, beforeCpu] = [performance.now(), cpuSeconds(pid)];
      const arrived = receiver.next(tasks);
      await post(system.service('gateway').url, receiver.url);
      await arrived;
      const perSecond = tasks / ((performance.now() - beforeMs) / 1_000);
      const cpu = ((cpuSeconds(pid) - beforeCpu) / tasks) * 1_000;
      row.push(`${perSecond.toFixed(0)} (${cpu.toFixed(3)})`);
    }
  } finally {
    await system.close();
    receiver.close();
    await kafka.close();
  }
  return row;
}

const [registry, store] = await Promise.all([startOwnRegistry(), startOwnStore()]);
try {
  // Writes the archive of classes, where there is none.
  await (await startOwnKafka()).close();
  for (let round = 1; round <= rounds; round += 1) {
    const rows: string[][] = [];
    for (const [name, compiler] of Object.entries(compilers))
      rows.push(await measure(name, compiler, { registryUrl: registry.address, mongoUrl: store.address }));
    const headings = Array.from({ length: runs }, (_, index) => `run ${index + 1}`);
    printTable([`round ${round}: tasks/s (broker’s CPU s per 1,000)`, 'start s', ...headings], rows);
  }
} finally {
  await Promise.all([registry.close(), store.close()]);
}
