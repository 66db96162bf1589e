import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { sleeper } from '../testing/sleeper.ts';
import type { ManagedProcess } from './managed-process.ts';
import { endProcesses, liveProcesses, pidFile, processMark } from './pid-files.ts';

let root: string;
let run: string;
let alive: ManagedProcess;

beforeEach(async () => {
  root = mkdtempSync(join(tmpdir(), 'nask-pid-'));
  run = join(root, 'run');
  mkdirSync(run);
  alive = sleeper(root);
  await alive.start();
});
afterEach(async () => {
  await alive.kill();
  rmSync(root, { recursive: true, force: true });
});

describe('the processes of a run folder', () => {
  test('are those that live', () => {
    expect(liveProcesses(run)).toEqual([{ name: 'sleeper', pid: alive.pid(), mark: expect.any(String) }]);
  });

  test('are ended, by name', async () => {
    const pid = alive.pid() as number;
    expect(await endProcesses(run, { graceMs: 10_000 })).toEqual(['sleeper']);
    expect(processMark(pid)).toBeUndefined();
  });

  test('are not those that have the number of one that is gone', async () => {
    rmSync(pidFile(run, 'sleeper'));
    writeFileSync(pidFile(run, 'gone'), `${alive.pid()}\nanother time\n`);
    expect(await endProcesses(run, { graceMs: 0 })).toEqual([]);
    expect(processMark(alive.pid() as number)).toBeDefined();
    expect(existsSync(pidFile(run, 'gone'))).toBe(false);
  });

  test('are none in a folder that does not exist yet', () => {
    expect(liveProcesses(join(root, 'later'))).toEqual([]);
  });

  test('do not include one whose file is just being written, and the file stays', () => {
    writeFileSync(pidFile(run, 'new'), '');
    expect(liveProcesses(run).map(({ name }) => name)).toEqual(['sleeper']);
    expect(existsSync(pidFile(run, 'new'))).toBe(true);
  });
});
