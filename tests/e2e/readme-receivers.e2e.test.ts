import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { spawn, type ChildProcess } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { eventually } from '@nask/testkit';
import { freePort } from '@nask/dev-stack';
import { startNotifier, type NotifierHarness } from '../../services/notifier/src/fixtures/notifier-harness.ts';
import { pythonWith } from '../tools.ts';
import { codeBlocks } from './readme-examples.ts';

const root = join(import.meta.dirname, '..', '..');
const readme = readFileSync(join(root, 'README.md'), 'utf8');
const receiversIn = (language: string) => codeBlocks(readme, language).filter((code) => code.includes('Webhook('));
const secretOf = (byte: number) => `whsec_${Buffer.alloc(32, byte).toString('base64')}`;

let given: NotifierHarness;
const children: ChildProcess[] = [];

beforeAll(async () => {
  // While receivers change from the first secret to the second, both sign.
  given = await startNotifier('readme-receivers', { WEBHOOK_SECRETS: [secretOf(1), secretOf(2)].join(',') });
}, 120_000);

afterAll(async () => {
  for (const child of children) child.kill('SIGKILL');
  await given?.close();
}, 60_000);

/** Runs a receiver of the README until the tests are over. */
async function run(program: string, args: string[], secret: string) {
  const port = await freePort();
  const env = { ...process.env, PORT: String(port), WEBHOOK_SECRET: secret };
  const child = spawn(program, args, { cwd: root, env, stdio: ['ignore', 'pipe', 'inherit'] });
  children.push(child);
  let printed = '';
  child.stdout.on('data', (chunk: Buffer) => (printed += chunk.toString()));
  const url = `http://127.0.0.1:${port}/`;
  const forged = () =>
    fetch(url, {
      method: 'POST',
      headers: { 'webhook-id': 'x', 'webhook-timestamp': '1', 'webhook-signature': 'v1,AAAA' },
      body: '{}',
    });
  await eventually(forged);
  return { url, forged, printed: () => printed };
}

test.each([
  ['js', 1],
  ['js', 2],
  ['python', 1],
  ['python', 2],
])(
  'the receiver in %s with secret %i verifies what it is sent, sees repeats, and refuses what is forged',
  async (language, secret) => {
    const [code] = receiversIn(language);
    const receiver =
      language === 'js'
        ? await run(process.execPath, ['--input-type=module', '-e', code!], secretOf(secret))
        : await run(await pythonWith('standardwebhooks', '1.1.0'), ['-c', code!], secretOf(secret));
    const [task] = given.outcomes(1, receiver.url);
    const id = task!.task_id;
    const offset = await given.publish(task!);
    const ended = (count: number) =>
      eventually(async () => {
        const attempts = (await given.attempts()).get(id) ?? [];
        expect(attempts.map(({ state, status_code: status }) => [state, status])).toEqual(
          Array.from({ length: count }, () => ['DELIVERED', 204]),
        );
      });
    await ended(1);
    await given.requestRedelivery(task!, offset);
    await ended(2);
    expect((await receiver.forged()).status).toBe(401);
    expect(receiver.printed()).toBe(`task ${id}: SUCCESS\n`);
  },
  120_000,
);
