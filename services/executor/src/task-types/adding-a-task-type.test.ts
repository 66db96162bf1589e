import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { taskTypesWith, type TaskType } from '@nask/schemas';
import { loadHandlers, type LoadedType } from './load-handlers.ts';
import { handlerContext } from '../lanes/lane.ts';
import { runToResult } from '../lanes/run-result.rules.ts';

const guide = join(import.meta.dirname, '..', '..', '..', '..', 'docs', 'adding-a-task-type.md');
const ours = join(import.meta.dirname, '..', 'handlers');
/** Not the guide's own: that is the name of a reader who has added the type here as the guide says. */
const name = 'page-size-of-the-guide';

/** The guide's own two files, in a folder of their own. */
describe('the task type of the guide', () => {
  let folder: string;
  let types: ReadonlyMap<string, TaskType>;
  let loaded: ReadonlyMap<string, LoadedType>;
  let server: Server;
  let status = 200;

  beforeAll(async () => {
    const text = await readFile(guide, 'utf8');
    const block = (language: string) =>
      new RegExp(`\`\`\`${language}\\n([^]*?)\`\`\``).exec(text)![1]!.replaceAll('page-size', name);
    folder = await mkdtemp(join(tmpdir(), 'nask-types-'));
    await mkdir(join(folder, 'tasks'));
    await mkdir(join(folder, 'handlers'));
    await writeFile(join(folder, 'tasks', `${name}.json`), block('json'));
    const handler = block('ts').replaceAll(`'../task-types/`, `'${import.meta.dirname}/`);
    await writeFile(join(folder, 'handlers', `${name}.ts`), handler);
    types = taskTypesWith(folder);
    loaded = await loadHandlers([ours, join(folder, 'handlers')], types);
    server = createServer((_, response) => void response.writeHead(status).end('12345'));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
  });
  afterAll(async () => {
    server.close();
    await rm(folder, { recursive: true });
  });

  const run = () => {
    const payload = { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/` };
    const { signal } = new AbortController();
    const context = handlerContext(signal, () => {}, { attempt: 1, startedAtMs: Date.now() });
    return runToResult(() => loaded.get(name)!.handler.run(payload, context));
  };

  test('is there beside the others, and its payload is checked', () => {
    expect([...loaded.keys()]).toEqual(expect.arrayContaining(['fibonacci', 'prime', 'sleep', name]));
    const { checkPayload } = loaded.get(name)!;
    expect(checkPayload({ url: 'https://example.org/' })).toBeNull();
    expect(checkPayload({ url: 'ftp://example.org/' })).toMatch(/^payload\.url/);
    expect(checkPayload({})).toContain('url');
  });

  test('does its work', async () => {
    status = 200;
    expect(await run()).toEqual({ outcome: 'SUCCESS', result: '5' });
  });

  test('fails so that it is tried again, or for good', async () => {
    status = 503;
    const error = { code: 'server-busy', message: 'The server is busy.' };
    expect(await run()).toMatchObject({ outcome: 'FAILURE', error, retryable: true });
    status = 404;
    expect(await run()).toMatchObject({
      outcome: 'FAILURE',
      error: { code: 'handler-failed', message: 'The server answered 404.' },
    });
  });

  test('a type of a name that is taken is refused', async () => {
    await writeFile(join(folder, 'tasks', 'prime.json'), '{}');
    expect(() => taskTypesWith(folder)).toThrow('there is a task type of the name prime already');
  });
});
