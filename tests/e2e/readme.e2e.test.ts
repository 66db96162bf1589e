import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { eventually, isolate, testServers } from '@nask/testkit';
import { consoleExamples, withoutTimes } from './console-examples.ts';
import { startSystem, type System } from './system.ts';

const readme = readFileSync(join(import.meta.dirname, '..', '..', 'README.md'), 'utf8');
const examples = consoleExamples(readme);
let system: System;

beforeAll(async () => {
  system = await startSystem(isolate('readme'), testServers());
}, 120_000);

afterAll(() => system?.close(), 60_000);

test('the README has examples of each request', () => {
  const commands = examples.map(({ command }) => command).join('\n');
  for (const part of ['-d ', '/api/tasks/1', '/api/tasks?']) expect(commands).toContain(part);
});

test.each(examples)(
  '$command',
  async ({ command, output }) => {
    const here = command.replace('http://127.0.0.1:8000/api', `${system.service('gateway').url}/api`);
    const run = async () => (await promisify(execFile)('bash', ['-c', here])).stdout;
    // A POST is made once; a GET may be a moment early for the end that the README shows.
    if (command.includes(' -d ')) expect(withoutTimes(await run())).toBe(withoutTimes(output));
    else await eventually(async () => expect(withoutTimes(await run())).toBe(withoutTimes(output)));
  },
  60_000,
);
