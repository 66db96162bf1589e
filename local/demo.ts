/** `npm run demo`: one task of each type on the running system, and what happens to it. */
import { readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { hasEnded, type TaskResource } from '@nask/schemas';
import { describeEvent, type SeenEvent } from './events/seen-event.ts';
import { tailEvents } from './events/tail-events.ts';
import { runningSystemOrExit, type RunInfo } from './running-system.ts';

const examples = [
  { type: 'sleep', payload: { input: 1 } },
  { type: 'prime', payload: { input: 100 } },
  { type: 'fibonacci', payload: { input: 101 } },
];
const timeoutMs = 30_000;
const maxUnclaimed = 10_000;
const maxBodyBytes = 1024 * 1024;

const running = runningSystemOrExit('npm run demo');
try {
  await runDemo(running);
} catch (error) {
  console.error(`\nThe demo failed: ${(error as Error).message}\nThe logs of the services: ${running.logsFolder}`);
  process.exitCode = 1;
}

/**
 * Posts the examples, prints what is seen of them (requests, events, webhooks) as it happens, and reads them at the end.
 * @throws when not all has been seen within the time, or a request is refused
 */
async function runDemo(running: RunInfo): Promise<void> {
  const deadline = AbortSignal.timeout(timeoutMs);
  const startedMs = performance.now();
  const [posted, completed, delivered] = [new Set<number>(), new Set<number>(), new Set<number>()];
  // Events of tasks that are not known to be ours (yet): the log can be faster than the answer to the POST.
  let unclaimed: SeenEvent[] = [];
  const ended = Promise.withResolvers<void>();
  ended.promise.catch(() => undefined);
  deadline.addEventListener('abort', () => {
    const seen = `of ${posted.size} tasks ${completed.size} were completed and ${delivered.size} webhooks came`;
    ended.reject(new Error(`${seen} within ${timeoutMs / 1000} s`));
  });

  /** Lines with the time since the beginning, the kind and the task in columns, in the order in which things are seen. */
  function print(kind: 'request' | 'event' | 'webhook' | 'read', taskId: number, text: string): void {
    const seconds = ((performance.now() - startedMs) / 1000).toFixed(3).padStart(7);
    console.log(`${seconds} s  ${kind.padEnd(8)} task ${String(taskId).padEnd(6)} ${text}`);
  }

  function checkEnd(): void {
    const isDone = posted.size === examples.length && [...posted].every((id) => completed.has(id) && delivered.has(id));
    if (isDone) ended.resolve();
  }

  function see(event: SeenEvent): void {
    print('event', event.taskId, describeEvent(event));
    if (event.topic === 'tasks.completed') completed.add(event.taskId);
    checkEnd();
  }

  const authorization = authorizationOf(running);

  async function call(path: string, init: RequestInit = {}): Promise<TaskResource> {
    const headers = new Headers(init.headers);
    if (authorization !== undefined) headers.set('authorization', authorization);
    const response = await fetch(running.apiUrl + path, { ...init, headers, signal: deadline });
    const body = await response.text();
    if (!response.ok) throw new Error(`${init.method ?? 'GET'} ${path} was answered ${response.status}: ${body}`);
    return JSON.parse(body) as TaskResource;
  }

  async function post(example: (typeof examples)[number], notifyUrl: string): Promise<void> {
    const body = JSON.stringify({ ...example, notify_url: notifyUrl });
    const headers = { 'content-type': 'application/json' };
    const { id, status } = await call('/api/tasks', { method: 'POST', headers, body });
    posted.add(id);
    print('request', id, `POST /api/tasks ${body} -> 202 ${status}`);
    unclaimed.filter(({ taskId }) => taskId === id).forEach(see);
    unclaimed = unclaimed.filter(({ taskId }) => taskId !== id);
    checkEnd();
  }

  /** The read model may be a moment behind the webhook. */
  async function readEnded(id: number): Promise<void> {
    const task = await call(`/api/tasks/${id}`);
    if (hasEnded(task.status)) return print('read', id, `GET /api/tasks/${id} -> 200 ${outcome(task)}`);
    await delay(50, undefined, { signal: deadline });
    return readEnded(id);
  }

  const receiver = await receiveWebhooks((task) => {
    print('webhook', task.id, `POST ${outcome(task)}`);
    delivered.add(task.id);
    checkEnd();
  });
  try {
    const events = await tailEvents('demo', running, deadline);
    events.follow((event) => {
      if (posted.has(event.taskId)) see(event);
      else if (posted.size < examples.length && unclaimed.length < maxUnclaimed) unclaimed.push(event);
    });
    try {
      for (const example of examples) await post(example, receiver.url);
      await ended.promise;
      for (const id of posted) await readEnded(id);
      console.log('\nAll tasks have ended, and their webhooks have arrived.');
    } finally {
      await events.close();
    }
  } finally {
    await receiver.close();
  }
}

/** The header with the key of this run, where the gateway asks for one. */
function authorizationOf({ authorizationFile }: RunInfo): string | undefined {
  return (
    authorizationFile &&
    readFileSync(authorizationFile, 'utf8')
      .replace(/^authorization: /, '')
      .trim()
  );
}

function outcome({ status, result, error }: TaskResource): string {
  return `${status} ${JSON.stringify(error ?? result)}`;
}

/** Listens on a free loopback port for the webhooks of the demo's tasks and answers each with 204. */
async function receiveWebhooks(onTask: (task: TaskResource) => void): Promise<{ url: string; close(): Promise<void> }> {
  async function receive(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await readBody(request);
    response.writeHead(204).end();
    onTask(JSON.parse(body) as TaskResource);
  }

  const server = createServer((request, response) => {
    receive(request, response).catch(() => request.socket.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    close: () => {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}

async function readBody(request: IncomingMessage): Promise<string> {
  let body = '';
  for await (const chunk of request.setEncoding('utf8') as AsyncIterable<string>) {
    body += chunk;
    if (body.length > maxBodyBytes) throw new Error('the body is too large');
  }
  return body;
}
