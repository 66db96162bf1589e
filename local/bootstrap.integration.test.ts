import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';

const root = join(import.meta.dirname, '..');

/** Runs a program on this Node, which takes itself for another. */
function runAs(version: string, program: string) {
  const pretend = `Object.defineProperty(process.versions, 'node', { value: '${version}' });`;
  const args = ['--import', `data:text/javascript,${encodeURIComponent(pretend)}`, join(root, program)];
  return spawnSync(process.execPath, args, { encoding: 'utf8', env: { ...process.env, EXECUTOR_THREADS: 'x' } });
}

test.each([
  ['npm scripts', 'local/bootstrap.mjs', '18.20.8', 'Node 20 or newer is needed'],
  ['a gateway', 'services/gateway/src/main.ts', '22.23.3', 'a service needs Node 24.16 or newer'],
  ['an executor', 'services/executor/src/main.ts', '24.15.0', 'a service needs Node 24.16 or newer'],
  ['a notifier', 'services/notifier/src/main.ts', '22.23.3', 'a service needs Node 24.16 or newer'],
  ['a projector', 'services/projector/src/main.ts', '22.23.3', 'a service needs Node 24.16 or newer'],
])('a Node that is too old for %s is named in words', (_what, program, version, words) => {
  const { status, stderr } = runAs(version, program);
  expect([status, stderr]).toEqual([1, expect.stringContaining(`This is Node ${version}; ${words}`)]);
  expect(stderr).not.toMatch(/^ +at /m);
});

test('a Node that is new enough gets to the settings', () => {
  expect(runAs('24.16.0', 'services/executor/src/main.ts').stderr).toContain('EXECUTOR_THREADS: expected');
});

test('the bootstrap is written in what an old Node can parse', () => {
  expect(readFileSync(join(root, 'local', 'bootstrap.mjs'), 'utf8')).not.toMatch(/\?\?|\?\.|\bawait\b/);
});
