import { createServer } from 'node:net';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { eventually } from '@nask/testkit';
import {
  localPlace,
  runningProcesses,
  runProgram,
  type LocalPlace,
  type RunningProgram,
} from './fixtures/started-system.ts';
import { processMark } from './stack/process-mark.ts';

const upText = 'The system is up.';
let place: LocalPlace;
let started: RunningProgram | undefined;

beforeAll(async () => {
  place = await localPlace();
});
afterAll(async () => {
  started?.kill('SIGTERM');
  await started?.ended;
  place.remove();
}, 60_000);

describe('a start that cannot succeed', () => {
  test('names every program that is missing, and starts nothing', async () => {
    const cache = mkdtempSync(join(tmpdir(), 'nask-empty-'));
    const start = runProgram('start', { ...place.env, PATH: '', JAVA_HOME: '', NASK_CACHE: cache });
    expect(await start.ended).toBe(1);
    for (const tool of ['Java 17', 'Maven', 'Python 3.10', 'Get it with']) expect(start.output()).toContain(tool);
    expect(readdirSync(cache)).toEqual([]);
    rmSync(cache, { recursive: true });
  }, 60_000);

  test('needs no program for servers that are given', async () => {
    const given = {
      KAFKA_BROKERS: '127.0.0.1:9',
      SCHEMA_REGISTRY_URL: 'http://127.0.0.1:9/apis/ccompat/v7',
      MONGODB_URL: 'mongodb://127.0.0.1:9',
    };
    const start = runProgram('start', { ...place.env, ...given, PATH: '', JAVA_HOME: '', CONTRACT_WAIT_MS: '100' });
    expect(await start.ended).toBe(1);
    expect(start.output()).not.toContain('Java');
    expect(start.output()).toContain('Kafka at 127.0.0.1:9 cannot be reached');
  }, 60_000);

  test('names the port that is in use and the setting that changes it, and starts nothing', async () => {
    const other = createServer();
    const port = Number(place.env.LOCAL_REGISTRY_PORT);
    await new Promise<void>((resolve) => other.listen(port, '127.0.0.1', resolve));
    const start = runProgram('start', place.env);
    expect(await start.ended).toBe(1);
    expect(start.output()).toContain(`${port}, wanted for the local schema registry: set LOCAL_REGISTRY_PORT`);
    expect(start.output()).not.toContain('starting');
    other.close();
  }, 60_000);

  test('names all wrong settings', async () => {
    const start = runProgram('start', { ...place.env, PORT: 'eighty', LOCAL_KAFKA_PORT: '70000' });
    expect(await start.ended).not.toBe(0);
    expect(start.output()).toMatch(/PORT: expected[\s\S]*LOCAL_KAFKA_PORT: expected/);
  }, 60_000);

  test('has nothing for the demo, which says so', async () => {
    const demo = runProgram('demo', place.env);
    expect(await demo.ended).toBe(1);
    expect(demo.output()).toContain('npm start');
  }, 60_000);
});

describe('a system that was started', () => {
  let taskId: number;

  test('is up, and says where what is', async () => {
    started = runProgram('start', place.env);
    await started.says(upText);
    const { apiUrl, processes } = runningProcesses(place.root);
    for (const text of [apiUrl, ...Object.values(processes).map(({ port }) => String(port)), 'curl', place.root]) {
      expect(started.output()).toContain(text);
    }
  }, 180_000);

  test('is not started a second time', async () => {
    const second = runProgram('start', place.env);
    expect(await second.ended).toBe(1);
    expect(second.output()).toContain(`running already (process ${started?.pid}`);
    expect(Object.keys(runningProcesses(place.root).pids)).toHaveLength(7);
  }, 60_000);

  test('shows one task of each type to the demo, which ends by itself', async () => {
    const demo = runProgram('demo', place.env);
    expect([await demo.ended, demo.output()]).toEqual([0, expect.stringContaining('All tasks have ended')]);
    for (const text of ['573147844013817084101', '541', 'TaskRequested', 'TaskStarted', 'TaskCompleted']) {
      expect(demo.output()).toContain(text);
    }
    taskId = Number(/GET \/api\/tasks\/(\d+) -> 200 SUCCESS 541/.exec(demo.output())?.[1]);
    expect(taskId).toBeGreaterThan(0);
  }, 60_000);

  test.each(['kafka', 'gateway'])(
    'starts %s again when it dies, on the same port',
    async (name) => {
      const before = runningProcesses(place.root);
      process.kill(before.pids[name] as number, 'SIGKILL');
      await eventually(() => expect(runningProcesses(place.root).pids[name]).not.toBe(before.pids[name]), {
        timeoutMs: 60_000,
      });
      expect(runningProcesses(place.root).processes[name]?.port).toBe(before.processes[name]?.port);
      expect(started?.output()).toContain('ended by itself (SIGKILL)');
      // The rest must still do its work.
      await eventually(() => postPrime(before.apiUrl), { timeoutMs: 60_000 });
    },
    180_000,
  );

  test('drains and ends on SIGTERM, and leaves no process', async () => {
    const { pids } = runningProcesses(place.root);
    started?.kill('SIGTERM');
    expect(await started?.ended).toBe(0);
    expect(Object.values(pids).map(processMark)).toEqual(Object.values(pids).map(() => undefined));
    expect(readdirSync(join(place.root, 'run'))).toEqual([]);
  }, 60_000);

  test('has its tasks still when it is started again', async () => {
    started = runProgram('start', place.env);
    await started.says(upText);
    const { apiUrl } = runningProcesses(place.root);
    const answer = await fetch(`${apiUrl}/api/tasks/${taskId}`);
    expect([answer.status, await answer.json()]).toEqual([200, expect.objectContaining({ id: taskId, result: 541 })]);
  }, 180_000);

  test('leaves no process either when it is killed with SIGKILL, and can be started again', async () => {
    const { pids } = runningProcesses(place.root);
    started?.kill('SIGKILL');
    await eventually(() => {
      expect(Object.values(pids).map(processMark)).toEqual(Object.values(pids).map(() => undefined));
    });
    started = runProgram('start', place.env);
    await started.says('starting');
  }, 120_000);

  test.each([
    ['Ctrl-C', (program: RunningProgram) => program.kill('SIGINT')],
    ['the end of the script that started it', (program: RunningProgram) => program.disconnect()],
  ])(
    'is stopped in the middle of its start by %s',
    async (_, stop) => {
      const start = started ?? runProgram('start', place.env);
      started = undefined;
      await start.says('starting');
      stop(start);
      expect(await start.ended).toBe(0);
      expect(readdirSync(join(place.root, 'run'))).toEqual([]);
    },
    120_000,
  );
});

async function postPrime(apiUrl: string): Promise<void> {
  const answer = await fetch(`${apiUrl}/api/tasks`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ type: 'prime', payload: { input: 100 } }),
  });
  expect(answer.status).toBe(202);
  const { id } = (await answer.json()) as { id: number };
  await eventually(async () => {
    const task = await fetch(`${apiUrl}/api/tasks/${id}`);
    expect(await task.json()).toMatchObject({ status: 'SUCCESS', result: 541 });
  });
}
