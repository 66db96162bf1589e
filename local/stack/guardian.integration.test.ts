import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { eventually } from '@nask/testkit';
import { processMark } from './process-mark.ts';

test('given a parent with children, when it is killed by SIGKILL, then no child and no folder is left', async () => {
  const root = mkdtempSync(join(tmpdir(), 'nask-guardian-'));
  const parent = spawn(process.execPath, [join(import.meta.dirname, 'fixtures', 'guarded-parent.ts'), root], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [said] = (await once(parent.stdout, 'data')) as [Buffer];
  const pids = JSON.parse(said.toString()) as number[];
  expect(pids.map(processMark)).toEqual([expect.any(String), expect.any(String)]);

  parent.kill('SIGKILL');

  await eventually(() => expect(pids.map(processMark)).toEqual([undefined, undefined]));
  await eventually(() => expect(existsSync(root)).toBe(false));
}, 60_000);
