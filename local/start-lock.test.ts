import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { sleeper } from '@nask/dev-stack/testing';
import { processMark } from '@nask/dev-stack';
import { readRunInfo, writeRunInfo } from './running-system.ts';
import { acquireStartLock, AlreadyRunningError, lockHolder, markStopping, removeStaleLock } from './start-lock.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'nask-lock-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const lockFile = () => join(folder, 'start.pid');

describe('the lock of a data folder', () => {
  test('is held by one process, which the next is told', () => {
    const release = acquireStartLock(folder);
    expect(() => acquireStartLock(folder)).toThrow(AlreadyRunningError);
    expect(() => acquireStartLock(folder)).toThrow(`process ${process.pid}`);
    expect(lockHolder(folder)?.pid).toBe(process.pid);
    release();
    expect(readdirSync(folder)).toEqual([]);
  });

  test('says whether its holder is stopping', () => {
    const refusal = () => {
      try {
        return acquireStartLock(folder);
      } catch (error) {
        return error;
      }
    };
    const release = acquireStartLock(folder);
    expect(refusal()).toMatchObject({ isStopping: false });
    markStopping(folder);
    expect(refusal()).toMatchObject({ isStopping: true });
    release();
    expect(readdirSync(folder)).toEqual([]);
    // Left by a process that died.
    markStopping(folder);
    const releaseNext = acquireStartLock(folder);
    expect(refusal()).toMatchObject({ isStopping: false });
    releaseNext();
  });

  test('is free again when its holder is dead', async () => {
    const holder = sleeper(folder);
    await holder.start();
    writeFileSync(lockFile(), `${holder.pid()}\n${processMark(holder.pid() as number)}\n`);
    expect(() => acquireStartLock(folder)).toThrow(AlreadyRunningError);
    await holder.kill('SIGKILL');
    acquireStartLock(folder)();
  });

  test('is kept when a live process took it over after it was found to be stale', async () => {
    const holder = sleeper(folder);
    await holder.start();
    writeFileSync(lockFile(), `${holder.pid()}\n${processMark(holder.pid() as number)}\n`);
    expect(() => removeStaleLock(folder)).toThrow(AlreadyRunningError);
    expect(lockHolder(folder)?.pid).toBe(holder.pid());
    await holder.kill('SIGKILL');
    removeStaleLock(folder);
    expect(readdirSync(folder).filter((file) => file.startsWith('start.pid'))).toEqual([]);
    removeStaleLock(folder);
  });

  test('is free when another process has the number of its holder', () => {
    writeFileSync(lockFile(), `${process.pid}\nanother time\n`);
    expect(lockHolder(folder)).toBeUndefined();
    acquireStartLock(folder)();
  });

  test('is free when what it says makes no sense', () => {
    writeFileSync(lockFile(), '');
    acquireStartLock(folder)();
  });
});

describe('what runs', () => {
  const info = {
    apiUrl: 'http://127.0.0.1:8000',
    addresses: { brokers: ['127.0.0.1:19092'], registryUrl: 'http://127.0.0.1:18081', mongoUrl: 'mongodb://127.0.0.1' },
    topicPrefix: '',
    database: 'nask',
    logsFolder: '/logs',
    settings: { contract: {}, gateway: { API_KEYS: 'a' }, executor: {}, notifier: {}, projector: {} },
    processes: { kafka: { pid: 1, port: 19_092 } },
  };

  test('is known as long as the start holds the lock', () => {
    const release = acquireStartLock(folder);
    expect(readRunInfo(folder)).toBeUndefined();
    writeRunInfo(folder, info);
    expect(readRunInfo(folder)).toEqual(info);
    release();
    expect(readRunInfo(folder)).toBeUndefined();
  });
});
