import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { endLeftovers } from './guardian.ts';
import { isAlive, readPidFile, processMark } from './pid-files.ts';

test('given a parent with children and a command, when it is killed by SIGKILL, then no child, no guardian and no folder is left', async () => {
  const root = mkdtempSync(join(tmpdir(), 'nask-guardian-'));
  const parent = spawn(process.execPath, [join(import.meta.dirname, '..', 'testing', 'guarded-parent.ts'), root], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [said] = (await once(parent.stdout, 'data')) as [Buffer];
  const pids = JSON.parse(said.toString()) as number[];
  expect(pids.map(processMark)).toEqual([expect.any(String), expect.any(String), expect.any(String)]);

  parent.kill('SIGKILL');

  // A system that starts now has to wait for the guardian: it would end the processes of the new one too.
  const run = join(root, 'run');
  const guardian = readPidFile(join(run, 'guardian'), 'guardian');
  expect(guardian && isAlive(guardian)).toBe(true);
  expect(await endLeftovers(run)).toBe(true);
  expect([...pids.map(processMark), guardian && isAlive(guardian)]).toEqual([undefined, undefined, undefined, false]);
  expect(existsSync(join(root, 'logs'))).toBe(false);
  expect(await endLeftovers(run)).toBe(false);
  rmSync(root, { recursive: true });
}, 60_000);

const module = JSON.stringify(join(import.meta.dirname, 'guardian.ts'));
const register = `(await import(${module})).onParentGone(() => process.exit(3));`;
const wait = 'const timer = setTimeout(() => undefined, 60_000);';
const untilGone = 'while (process.connected) await new Promise((resolve) => setTimeout(resolve, 10));';

test.each([
  ['after it registered', `${register} ${wait} process.send('ready');`, 'ipc', 3],
  ['before it registered', `process.send('ready'); ${untilGone} ${register}`, 'ipc', 3],
  ['never, because it has no channel', register, 'ignore', 0],
] as const)('a process whose parent goes away %s', async (_when, script, channel, exitCode) => {
  const child = spawn(process.execPath, ['--input-type=module', '--eval', script], {
    stdio: ['ignore', 'inherit', 'inherit', channel],
  });
  const exited = once(child, 'exit');
  if (channel === 'ipc') {
    await once(child, 'message');
    child.disconnect();
  }
  expect((await exited)[0]).toBe(exitCode);
});
