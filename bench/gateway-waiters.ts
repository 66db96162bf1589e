/**
 * `node bench/gateway-waiters.ts [clients]`: so many clients that follow the events of a task each (Server-Sent Events), and
 * as many that wait for one (`Prefer: wait`). How long after an event they are told of it, under a light load; and how many
 * POSTs a second are accepted with them and without them.
 */
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Agent, request } from 'undici';
import { isolate, testServers } from '@nask/testkit';
import { startSystem } from '../tests/e2e/system.ts';
import { onServers } from './servers.ts';
import { printTable } from './table.ts';

const agent = new Agent({ connections: 4_096, pipelining: 1, headersTimeout: 0, bodyTimeout: 0 });
const json = { 'content-type': 'application/json' };

/**
 * How long the tasks run that somebody waits for, in seconds: they begin together, which the projector has to have
 * behind it before the first ends, and end one after the other. They tell no progress: a thousand of them would keep a
 * small store busy with that alone.
 */
const shortestS = 40;
const longestS = 100;
const lightLoadPerSecond = 5;

const rounds = 3;
const roundMs = 5_000;
const postsAtOnce = 16;

interface Waiters {
  /** Resolves when all have been told of the end of their task. */
  ended: Promise<unknown>;
  leave(): void;
}

function medianOf(numbers: number[]): number {
  return numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? NaN;
}

async function post(url: string, seconds: number): Promise<number> {
  const body = JSON.stringify({ type: 'nap', payload: { input: seconds } });
  const answer = await request(`${url}/api/tasks`, { dispatcher: agent, method: 'POST', headers: json, body });
  const { id } = (await answer.body.json()) as { id: number };
  if (answer.statusCode !== 202) throw new Error(`a POST was answered ${answer.statusCode}`);
  return id;
}

/** @param onEvent told of each event: how long ago it happened */
async function follow(url: string, id: number, signal: AbortSignal, onEvent: (lateMs: number) => void): Promise<void> {
  const headers = { accept: 'text/event-stream' };
  const answer = await request(`${url}/api/tasks/${id}/events`, { dispatcher: agent, headers, signal });
  let rest = '';
  for await (const chunk of answer.body) {
    const nowMs = Date.now();
    const parts = (rest + String(chunk)).split('\n\n');
    rest = parts.pop()!;
    for (const part of parts) {
      const [, data] = /^data: (.*)$/m.exec(part) ?? [];
      if (data !== undefined) onEvent(nowMs - Date.parse((JSON.parse(data) as { time: string }).time));
    }
  }
}

async function wait(url: string, id: number, signal: AbortSignal, onEnd: (lateMs: number) => void): Promise<void> {
  for (;;) {
    const headers = { prefer: 'wait=60' };
    const answer = await request(`${url}/api/tasks/${id}`, { dispatcher: agent, headers, signal });
    const nowMs = Date.now();
    const { completed_at: completedAt } = (await answer.body.json()) as { completed_at?: string };
    if (completedAt === undefined) continue;
    onEnd(nowMs - Date.parse(completedAt));
    return;
  }
}

/** Half of the tasks are followed, half of them are waited for. */
function open(url: string, ids: number[], told: { events: number[]; ends: number[] }): Waiters {
  const leaving = new AbortController();
  const { signal } = leaving;
  const all = ids.map((id, n) =>
    n % 2 === 0
      ? follow(url, id, signal, (lateMs) => told.events.push(lateMs))
      : wait(url, id, signal, (lateMs) => told.ends.push(lateMs)),
  );
  const ended = Promise.all(all);
  ended.catch(() => undefined);
  return { ended, leave: () => leaving.abort() };
}

async function postedTasks(url: string, count: number, secondsOf: (n: number) => number): Promise<number[]> {
  const ids: number[] = [];
  for (let n = 0; n < count; n += 50)
    ids.push(...(await Promise.all(Array.from({ length: 50 }, (_, i) => post(url, secondsOf(n + i))))));
  return ids;
}

/** How late those who wait are told, beside a light load. What happened before they were there does not count. */
async function latency(url: string, clients: number): Promise<{ events: number[]; ends: number[] }> {
  const secondsOf = (n: number) => shortestS + ((longestS - shortestS) * n) / (2 * clients);
  const ids = await postedTasks(url, 2 * clients, secondsOf);
  const told = { events: [] as number[], ends: [] as number[] };
  const waiters = open(url, ids, told);
  const load = new AbortController();
  const loading = (async () => {
    while (!load.signal.aborted) {
      await post(url, 0);
      await sleep(1_000 / lightLoadPerSecond);
    }
  })();
  await sleep(20_000);
  told.events.length = 0;
  await waiters.ended;
  load.abort();
  await loading;
  return told;
}

async function postsPerSecond(url: string): Promise<number> {
  const untilMs = performance.now() + roundMs;
  let accepted = 0;
  const client = async () => {
    for (; performance.now() < untilMs; accepted += 1) await post(url, 86_400);
  };
  await Promise.all(Array.from({ length: postsAtOnce }, client));
  return (1_000 * accepted) / roundMs;
}

/** In turn, so that what else the machine does falls on both. */
async function throughput(url: string, clients: number): Promise<{ without: number[]; with: number[] }> {
  const rates = { without: [] as number[], with: [] as number[] };
  const ids = await postedTasks(url, 2 * clients, () => 86_400);
  await postsPerSecond(url);
  for (let round = 0; round < rounds; round += 1) {
    await sleep(5_000);
    rates.without.push(await postsPerSecond(url));
    await sleep(5_000);
    const waiters = open(url, ids, { events: [], ends: [] });
    await sleep(2_000);
    rates.with.push(await postsPerSecond(url));
    waiters.leave();
  }
  return rates;
}

if (import.meta.main)
  await onServers(async () => {
    const clients = Number(process.argv[2] ?? 500);
    const system = await startSystem(isolate('bench-waiters'), testServers(), {
      ACCESS_LOG_LEVEL: 'off',
      LOG_LEVEL: 'warn',
      TASK_TYPES_FOLDER: join(import.meta.dirname, 'gateway-waiters-types'),
    });
    const { url } = system.service('gateway');
    try {
      const told = await latency(url, clients);
      const rates = await throughput(url, clients);
      const ms = (numbers: number[]) => medianOf(numbers).toFixed(0);
      printTable(
        ['told of', 'number', 'in the middle, ms'],
        [
          [`events, ${clients} streams`, String(told.events.length), ms(told.events)],
          [`ends, ${clients} waiting GETs`, String(told.ends.length), ms(told.ends)],
        ],
      );
      const [without, with_] = [medianOf(rates.without), medianOf(rates.with)];
      console.log(
        `POSTs a second: ${without.toFixed(0)} without them, ${with_.toFixed(0)} with them: ${((100 * with_) / without).toFixed(0)} %`,
      );
      process.exitCode = medianOf(told.events) <= 200 && with_ >= 0.8 * without ? 0 : 1;
    } finally {
      await system.close();
      await agent.destroy();
    }
  });
