import { closeSync, existsSync, mkdtempSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { logTail, openLog, errorLine } from './log-file.ts';

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
  expect(logTail(log, { lines: 2 })).toBe('line 4998\nline 4999');
});

test('the end of no log is empty', () => {
  expect(logTail(log)).toBe('');
});

test('only what was written after an offset is the end of a log', () => {
  writeFileSync(log, 'of an earlier start\nof this one\n');
  const from = 'of an earlier start\n'.length;
  expect([logTail(log, { from }), errorLine(log, from)]).toEqual(['of this one', 'of this one']);
  expect([logTail(log, { from: 1_000 }), errorLine(log, 1_000)]).toEqual(['', '']);
});

test.each([
  ['the last error of a JSON log', '{"level":50,"msg":"no disk"}\n{"level":30,"msg":"task done"}\n', 'no disk'],
  [
    'the last error of a pretty log',
    '[10:00:00.000] FATAL (1): no disk\n    err: {\n    }\n[10:00:00.001] INFO (1): task done\n',
    'FATAL (1): no disk',
  ],
  ['what Node printed', 'file:///a.ts:1\n^\n\nSyntaxError: no brace\n    at a\n\nNode.js v24.0.0\n', 'no brace'],
  ['without an error the last line that says something', 'task done\n    {\n      "a": 1\n}\n\n', 'task done'],
])('the telling line of a log is %s', (_what, text, line) => {
  writeFileSync(log, text);
  expect(errorLine(log)).toContain(line);
});
