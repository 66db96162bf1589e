import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { createServer } from 'node:net';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { constants, tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { eventually } from '@nask/testkit';
import { sleeper } from '@nask/dev-stack/testing';
import { freePort, processMark } from '@nask/dev-stack';
import {
  localPlace,
  runningProcesses,
  runNpm,
  runProgram,
  type LocalPlace,
  type RunningProgram,
} from './fixtures/started-system.ts';
import { lockHolder } from './start-lock.ts';

const upText = 'The system is up.';
let place: LocalPlace;
let started: RunningProgram | undefined;
let joined: RunningProgram | undefined;

beforeAll(async () => {
  place = await localPlace();
});
afterAll(async () => {
  started?.kill('SIGTERM');
  joined?.kill('SIGTERM');
  await Promise.all([started?.ended, joined?.ended]);
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

  test('names all wrong settings, its own and those of the services, before a server is downloaded or started', async () => {
    const wrong = {
      PORT: 'eighty',
      LOCAL_KAFKA_PORT: '70000',
      EXECUTOR_THREADS: 'x',
      API_KEYS: 'bad',
      WEBHOOK_SECRETS: 'bad',
      TASK_TYPES_FOLDER: '/no/such',
      CONTRACT_WAIT_MS: 'soon',
    };
    const start = runProgram('start', { ...place.env, ...wrong });
    expect(await start.ended).toBe(78);
    for (const fault of [
      /PORT: expected port number/,
      /LOCAL_KAFKA_PORT: expected port number/,
      /EXECUTOR_THREADS: expected .* \(executor\)/,
      /API_KEYS: expected .* got entry 1 with 1 of 3 parts .* \(gateway\)/,
      /WEBHOOK_SECRETS: .* \(notifier\)/,
      /TASK_TYPES_FOLDER: .* \(gateway, executor\)/,
      /CONTRACT_WAIT_MS: expected .* \(contract\)/,
    ]) {
      expect(start.output()).toMatch(fault);
    }
    expect(start.output()).not.toContain('Starting');
  }, 60_000);

  test('names the fault of a handler in a folder of one’s own, and starts nothing', async () => {
    const folder = join(place.root, 'types');
    for (const name of ['tasks', 'handlers']) mkdirSync(join(folder, name), { recursive: true });
    writeFileSync(join(folder, 'tasks', 'a.json'), '{"type":"object"}');
    writeFileSync(join(folder, 'handlers', 'a.ts'), "export default { type: 'a', kind: 'waits', run() {} };");
    const start = runProgram('start', { ...place.env, TASK_TYPES_FOLDER: folder });
    expect(await start.ended).toBe(78);
    expect(start.output()).toMatch(/TASK_TYPES_FOLDER: .*a\.ts: kind: expected 'wait' or 'compute'.* \(executor\)/);
    expect(start.output()).not.toContain('Starting');
  }, 60_000);

  test.each([
    ['data', 'NASK_DATA', 'NASK_DATA'],
    ['cache', 'NASK_CACHE', 'XDG_CACHE_HOME'],
  ])(
    'names the setting of a %s folder that cannot be written, without a stack',
    async (what, variable, named) => {
      const file = join(place.root, 'file');
      writeFileSync(file, '');
      const start = runProgram('start', { ...place.env, [variable]: join(file, 'folder') });
      expect(await start.ended).toBe(1);
      expect(start.output()).toMatch(new RegExp(`The ${what} folder .* cannot be written .* Set .*${named}`));
      expect(start.output()).not.toMatch(/^ +at /m);
    },
    60_000,
  );

  test('is not needed to end what an earlier one left, and two npm stop do not end each other', async () => {
    const end = join(place.root, 'end');
    const script = `trap "" TERM; echo up; while [ ! -e ${end} ]; do sleep 0.05; done`;
    const leftover = sleeper(place.root, { script });
    await leftover.start();
    const first = runProgram('stop', place.env);
    await eventually(() => expect(lockHolder(place.root)?.pid).toBe(first.pid));
    const second = runProgram('stop', place.env);
    await second.says('Stopping');
    writeFileSync(end, '');
    expect(await Promise.all([first.ended, second.ended])).toEqual([0, 0]);
    expect([first.output(), leftover.pid()]).toEqual([expect.stringContaining('Stopped.'), undefined]);
  }, 60_000);

  test('makes the commands that need a running system exit with a message', async () => {
    for (const program of ['demo', 'contract', 'events'] as const) {
      const command = runProgram(program, place.env);
      expect([program, await command.ended]).toEqual([program, 1]);
      expect(command.output()).toContain('npm start');
    }
    // A server that the contract does not use is not one that the environment names for it.
    const contract = runProgram('contract', { ...place.env, MONGODB_URL: 'mongodb://127.0.0.1:9' });
    expect([await contract.ended, contract.output()]).toEqual([
      1,
      expect.stringContaining('or name other servers: KAFKA_BROKERS, SCHEMA_REGISTRY_URL.'),
    ]);
    const stop = runProgram('stop', place.env);
    expect([await stop.ended, stop.output()]).toEqual([0, `Nothing runs on ${place.root}.\n`]);
  }, 60_000);
});

describe('a system that was started', () => {
  /** The gateway knows the hash alone: the tools need a key of their own. */
  const apiKeys = `shop:read:${createHash('sha256').update('0123').digest('hex')}`;
  let taskId: number;

  test('is up, and says where what is', async () => {
    started = runNpm('start', { ...place.env, API_KEYS: apiKeys });
    await started.says(upText);
    const { apiUrl, processes } = runningProcesses(place.root);
    for (const text of [
      `${apiUrl}/docs`,
      ...Object.values(processes).map(({ port }) => String(port)),
      'curl',
      place.root,
    ]) {
      expect(started.output()).toContain(text);
    }
    const registryLog = readFileSync(join(place.root, 'logs', 'registry.log'), 'utf8');
    expect(registryLog).toMatch(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3} /m);
  }, 180_000);

  test('is not started a second time', async () => {
    const second = runProgram('start', place.env);
    expect(await second.ended).toBe(1);
    expect(second.output()).toContain(`running already (process ${startPid()}`);
    expect(second.output()).toContain('npm stop');
    expect(Object.keys(runningProcesses(place.root).pids)).toHaveLength(7);
  }, 60_000);

  test('with API_KEYS takes the requests of its banner as they are, whose key only its owner can read', async () => {
    const { apiUrl } = runningProcesses(place.root);
    expect((await fetch(`${apiUrl}/api/tasks`)).status).toBe(401);
    const lines = started?.output().match(/^ {2}curl .*$/gm) ?? [];
    const answers = await Promise.all(lines.map((line) => promisify(execFile)('/bin/sh', ['-c', line])));
    expect(answers.map(({ stdout }) => stdout)).toEqual([
      expect.stringMatching(/202 Accepted[^]*"status":"PENDING"/),
      expect.stringContaining('{"tasks":['),
    ]);
    const file = join(place.root, 'authorization');
    const modes = [file, join(place.root, 'run.json')].map((path) => statSync(path).mode & 0o777);
    expect(modes).toEqual([0o600, 0o600]);
    expect(started?.output()).not.toContain(readFileSync(file, 'utf8').trim().split(' ').at(-1));
  }, 60_000);

  test('shows one task of each type to the demo, which ends by itself, and its events to npm run events', async () => {
    const followed = runProgram('events', place.env);
    await followed.says('Following');
    const demo = runProgram('demo', place.env);
    expect([await demo.ended, demo.output()]).toEqual([0, expect.stringContaining('All tasks have ended')]);
    for (const text of ['573147844013817084101', '541', 'TaskRequested', 'TaskStarted', 'TaskCompleted']) {
      expect(demo.output()).toContain(text);
    }
    taskId = Number(/GET \/api\/tasks\/(\d+) -> 200 SUCCESS 541/.exec(demo.output())?.[1]);
    expect(taskId).toBeGreaterThan(0);
    for (const event of [
      'TaskRequested type=prime',
      'TaskStarted',
      'TaskCompleted type=prime',
      'NotificationAttempted',
    ])
      await eventually(() => expect(followed.output()).toMatch(new RegExp(`task ${taskId} .*${event}`)));
    followed.kill('SIGTERM');
    expect(await followed.ended).toBe(0);
  }, 120_000);

  test('prints the events of one task from its first on, and a message for an unknown task', async () => {
    const events = runProgram('events', place.env, [String(taskId)]);
    const unknown = runProgram('events', place.env, ['999999999']);
    await events.says('NotificationAttempted');
    expect(events.output().match(/Task\w+|NotificationAttempted/g)).toEqual([
      'TaskRequested',
      'TaskStarted',
      'TaskCompleted',
      'NotificationAttempted',
    ]);
    expect([await unknown.ended, unknown.output()]).toEqual([1, expect.stringContaining('no task has this id')]);
    const { apiUrl } = runningProcesses(place.root);
    const again = await fetch(`${apiUrl}/api/tasks/${taskId}/notifications`, { method: 'POST', headers: ownKey() });
    expect(again.status).toBe(202);
    await events.says('RedeliveryRequested');
    events.kill('SIGINT');
    expect(await events.ended).toBe(0);
  }, 60_000);

  test('is found by the contract, which then has nothing to do', async () => {
    const contract = runProgram('contract', place.env);
    expect([await contract.ended, contract.output()]).toEqual([0, expect.stringContaining('Nothing to do')]);
    const help = runProgram('contract', place.env, ['--help']);
    expect([await help.ended, help.output()]).toEqual([0, expect.stringContaining('Usage')]);
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
      expect(started?.output()).toMatch(new RegExp(`${name} +ended by itself \\(SIGKILL\\).*${name}.log, says: .+`));
      // The rest must still do its work.
      await eventually(() => postPrime(before.apiUrl), { timeoutMs: 60_000 });
    },
    180_000,
  );

  test('is joined by npm run service with its settings, unless the environment has others', async () => {
    const [PORT, otherPort] = [String(await freePort()), String(await freePort())];
    const ownKeys = { API_KEYS: `own:read:${createHash('sha256').update('4567').digest('hex')}` };
    joined = runProgram('service', { ...place.env, KAFKA_BROKERS: ` ${kafkaOf(place)}, `, PORT }, ['gateway']);
    const other = runProgram('service', { ...place.env, PORT: otherPort, ...ownKeys }, ['gateway']);
    await Promise.all([joined.says('gateway started'), other.says('gateway started')]);
    const statuses = (port: string) =>
      Promise.all(
        [{}, ownKey(), { authorization: 'Bearer 4567' }].map(async (headers) => {
          return (await fetch(`http://127.0.0.1:${port}/api/tasks/${taskId}`, { headers })).status;
        }),
      );
    expect([await statuses(PORT), await statuses(otherPort)]).toEqual([
      [401, 200, 401],
      [401, 401, 200],
    ]);
    const onFreePorts = runProgram('service', { ...place.env, PORT: '0' }, ['notifier']);
    await onFreePorts.says('notifier started');
    for (const each of [other, onFreePorts]) each.disconnect();
    expect(await Promise.all([other.ended, onFreePorts.ended])).toEqual([0, 0]);
    expect(other.output()).toContain('stopped');
  }, 60_000);

  test('drains and ends on SIGTERM to npm with all that joined it, and leaves no process', async () => {
    const { pids } = runningProcesses(place.root);
    started?.kill('SIGTERM');
    expect(await started?.ended).toBe(0);
    expect(started?.output()).toContain('servers    stopped');
    expect(await joined?.ended).toBe(0);
    expectGone(pids);
  }, 60_000);

  test('can be started again at once when it was killed with SIGKILL, and has its tasks still', async () => {
    const killed = runNpm('start', place.env);
    await killed.says(upText);
    const { pids } = runningProcesses(place.root);
    process.kill(startPid(), 'SIGKILL');
    started = runNpm('start', place.env);
    expect(await killed.ended).toBe(128 + constants.signals.SIGKILL);
    await started.says(upText);
    expect(Object.values(pids).map(processMark)).toEqual(Object.values(pids).map(() => undefined));
    const { apiUrl } = runningProcesses(place.root);
    const answer = await fetch(`${apiUrl}/api/tasks/${taskId}`);
    expect([answer.status, await answer.json()]).toEqual([200, expect.objectContaining({ id: taskId, result: 541 })]);
  }, 180_000);

  test('is stopped by npm stop, which returns when it is gone', async () => {
    const { pids } = runningProcesses(place.root);
    const stop = runProgram('stop', place.env);
    expect([await stop.ended, stop.output()]).toEqual([0, expect.stringContaining('Stopped.')]);
    expectGone(pids);
    expect(await started?.ended).toBe(0);
  }, 60_000);

  test.each([
    ['Ctrl-C', 0, runProgram, (program: RunningProgram) => program.kill('SIGINT')],
    ['the end of the script that started it', 0, runProgram, (program: RunningProgram) => program.disconnect()],
    ['SIGKILL to npm', 'SIGKILL', runNpm, (program: RunningProgram) => program.kill('SIGKILL')],
  ] as const)(
    'is stopped in the middle of its start by %s',
    async (_, exit, run, stop) => {
      started = run('start', place.env);
      await started.says('starting');
      stop(started);
      expect(await started.ended).toBe(exit);
      expect(readdirSync(join(place.root, 'run'))).toEqual([]);
    },
    120_000,
  );
});

/** The process of npm start itself. */
function startPid(): number {
  return Number.parseInt(readFileSync(join(place.root, 'start.pid'), 'utf8'), 10);
}

function kafkaOf({ env }: LocalPlace): string {
  return `127.0.0.1:${env.LOCAL_KAFKA_PORT}`;
}

function expectGone(pids: Record<string, number>): void {
  expect(Object.values(pids).map(processMark)).toEqual(Object.values(pids).map(() => undefined));
  expect(readdirSync(join(place.root, 'run'))).toEqual([]);
}

/** The key of this run. */
function ownKey(): Record<string, string> {
  const line = readFileSync(join(place.root, 'authorization'), 'utf8').trim();
  return { authorization: line.slice(line.indexOf(' ') + 1) };
}

async function postPrime(apiUrl: string): Promise<void> {
  const answer = await fetch(`${apiUrl}/api/tasks`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...ownKey() },
    body: JSON.stringify({ type: 'prime', payload: { input: 100 } }),
  });
  expect(answer.status).toBe(202);
  const { id } = (await answer.json()) as { id: number };
  await eventually(async () => {
    const task = await fetch(`${apiUrl}/api/tasks/${id}`, { headers: ownKey() });
    expect(await task.json()).toMatchObject({ status: 'SUCCESS', result: 541 });
  });
}
