import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { deafToSigterm, sleeper } from '../testing/sleeper.ts';
import { ProcessStartError, type ManagedProcess, type ProcessExit } from './managed-process.ts';
import { pidFile, processMark } from './pid-files.ts';

let root: string;
let managed: ManagedProcess | undefined;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'nask-process-'));
});
afterEach(async () => {
  await managed?.kill();
  rmSync(root, { recursive: true, force: true });
});

describe('a managed process', () => {
  test('runs with its number in a pid file, and leaves neither when it is stopped', async () => {
    managed = sleeper(root);
    await managed.start();
    const pid = managed.pid() as number;
    const file = pidFile(join(root, 'run'), 'sleeper');
    expect(readFileSync(file, 'utf8').split('\n').slice(0, 2)).toEqual([String(pid), processMark(pid)]);

    await managed.stop();

    expect([managed.pid(), processMark(pid), existsSync(file)]).toEqual([undefined, undefined, false]);
  });

  test('starts again after it was killed', async () => {
    managed = sleeper(root);
    await managed.start();
    const first = managed.pid();
    await managed.kill('SIGKILL');
    await managed.start();
    expect(managed.pid()).not.toBe(first);
    expect(managed.pid()).toBeDefined();
  });

  test('that dies while it starts fails with the end of its log', async () => {
    managed = sleeper(root, { script: 'echo something is wrong >&2; exit 3' });
    await expect(managed.start()).rejects.toThrow(ProcessStartError);
    await expect(managed.start()).rejects.toThrow('sleeper ended while it was starting');
    await expect(managed.start()).rejects.toThrow('something is wrong');
  });

  test('that dies while it starts shows nothing of its earlier starts', async () => {
    const said = join(root, 'said');
    const script = `[ -e ${said} ] && exit 4; touch ${said}; echo an old fault; exit 3`;
    managed = sleeper(root, { script });
    await expect(managed.start()).rejects.toThrow('an old fault');
    await expect(managed.start()).rejects.toThrow(/^(?!.*an old fault).*has nothing of this start\.$/s);
    expect(managed.errorLine()).toBe('');
  });

  test('whose program is missing fails and says so', async () => {
    managed = sleeper(root, { script: 'exec /no/such/program' });
    await expect(managed.start()).rejects.toThrow('/no/such/program');
  });

  test('that is not ready in time is ended, and what the probe met is told', async () => {
    managed = sleeper(root, { script: 'exec sleep 600', startTimeoutMs: 200 });
    const start = managed.start();
    const pid = managed.pid() as number;
    await expect(start).rejects.toThrow('sleeper was not ready within 0.2 s (it has not said that it is up)');
    expect(managed.lastProbeFailure()).toBe('it has not said that it is up');
    expect(processMark(pid)).toBeUndefined();
  });

  test('that is stopped while it starts fails its start', async () => {
    managed = sleeper(root, { script: 'exec sleep 600' });
    const start = managed.start();
    const stop = managed.stop();
    await expect(start).rejects.toThrow('was stopped while it was starting');
    await stop;
  });

  test('that is deaf to SIGTERM is killed after its stop timeout', async () => {
    managed = sleeper(root, { script: deafToSigterm, stopTimeoutMs: 100 });
    const exits: ProcessExit[] = [];
    managed.onExit((exit) => exits.push(exit));
    await managed.start();
    await managed.stop();
    expect(exits).toEqual([{ code: null, signal: 'SIGKILL', expected: true }]);
  });

  test('tells an end that nobody asked for from one that was', async () => {
    managed = sleeper(root);
    await managed.start();
    const exit = new Promise<ProcessExit>((resolve) => managed?.onExit(resolve));
    process.kill(managed.pid() as number, 'SIGKILL');
    expect(await exit).toEqual({ code: null, signal: 'SIGKILL', expected: false });
  });
});
