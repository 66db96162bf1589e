import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';

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
