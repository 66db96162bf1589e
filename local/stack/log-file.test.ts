import { closeSync, existsSync, mkdtempSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { logTail, openLog } from './log-file.ts';

let folder: string;
let log: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'nask-log-'));
  log = join(folder, 'a.log');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

test('a log goes on where it was', () => {
  writeFileSync(log, 'before\n');
  closeSync(openLog(log));
  expect(logTail(log)).toBe('before');
});

test('a log over 10 MB is put aside when it is opened', () => {
  writeFileSync(log, 'before\n');
  truncateSync(log, 10 * 1024 * 1024 + 1);
  closeSync(openLog(log));
  expect([statSync(log).size, existsSync(`${log}.1`)]).toEqual([0, true]);
});

test('the end of a log is its last lines', () => {
  writeFileSync(log, Array.from({ length: 5000 }, (_, line) => `line ${line}\n`).join(''));
  expect(logTail(log, 2)).toBe('line 4998\nline 4999');
});

test('the end of no log is empty', () => {
  expect(logTail(log)).toBe('');
});
