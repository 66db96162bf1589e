import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { execFile, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { eventually, isolate, testServers } from '@nask/testkit';
import { freePort } from '@nask/dev-stack';
import { codeBlocks, consoleExamples, withoutTimes } from './readme-examples.ts';
import { startSystem, type System } from './system.ts';

const readme = readFileSync(join(import.meta.dirname, '..', '..', 'README.md'), 'utf8');
const examples = consoleExamples(readme);
const scripts = codeBlocks(readme, 'sh');
let system: System;

beforeAll(async () => {
  system = await startSystem(isolate('readme'), testServers());
}, 120_000);

afterAll(() => system?.close(), 60_000);

/** What a command of the README prints when it is run against the system of this test. */
async function runHere(command: string): Promise<string> {
  const here = command.replaceAll('http://127.0.0.1:8000/api', `${system.service('gateway').url}/api`);
  return (await promisify(execFile)('bash', ['-c', here])).stdout;
}

test('the README has examples of each request', () => {
  const commands = examples.map(({ command }) => command).join('\n');
  for (const part of ['-d ', '/api/tasks/1', '/api/tasks?']) expect(commands).toContain(part);
});

test.each(examples)(
  '$command',
  async ({ command, output }) => {
    const run = () => runHere(command);
    // A POST is made once; a GET may be a moment early for the end that the README shows.
    if (command.includes(' -d ')) expect(withoutTimes(await run())).toBe(withoutTimes(output));
    else await eventually(async () => expect(withoutTimes(await run())).toBe(withoutTimes(output)));
  },
  60_000,
);

test('the example of a cancellation ends as REVOKED, and its task can be erased, whatever its id', async () => {
  const script = scripts.filter((block) => block.includes('curl')).join('\n');
  const [asItIs, ended, erased] = [/"status":"(PENDING|STARTED)"/, /"status":"REVOKED"/, /HTTP\/1\.1 204/];
  expect(await runHere(script)).toMatch(
    new RegExp([asItIs, ended, erased].map(({ source }) => source).join('.*'), 's'),
  );
}, 60_000);

test('the example of a receiver prints the outcome that is shown', async () => {
  const port = await freePort();
  const here = (text: string) => text.replaceAll('9000', String(port));
  const [script] = scripts.filter((block) => block.startsWith('node -e'));
  const receiver = spawn('bash', ['-c', `exec ${here(script!)}`], { stdio: ['ignore', 'pipe', 'inherit'] });
  try {
    let printed = '';
    receiver.stdout.on('data', (chunk: Buffer) => (printed += chunk.toString()));
    const [{ command } = { command: '' }] = examples.filter((example) => example.command.includes('notify_url'));
    const { id } = JSON.parse(await runHere(here(command))) as { id: number };
    const [outcome] = codeBlocks(readme, 'json').filter((block) => block.includes('notify_url'));
    await eventually(() =>
      expect(withoutTimes(printed)).toBe(withoutTimes(here(outcome!)).replace('"id":2', `"id":${id}`)),
    );
  } finally {
    receiver.kill('SIGKILL');
  }
}, 60_000);
