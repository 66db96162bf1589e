import { readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { hasEnded, type TaskResource } from '@nask/schemas';
import { connectSubscriber } from '../events/connect.ts';
import { describeEvent, type SeenEvent } from '../events/seen-event.ts';
import { tailEvents } from '../events/tail-events.ts';
import type { RunInfo } from '../run-info.ts';
import { receiveWebhooks } from './receive-webhooks.ts';
import { createStory } from './story.ts';

const examples = [
  { type: 'sleep', payload: { input: 1 } },
  { type: 'prime', payload: { input: 100 } },
  { type: 'fibonacci', payload: { input: 101 } },
];
const maxUnclaimed = 10_000;

/**
 * Posts the examples, tells what is seen of them (requests, events, webhooks) as it happens, and reads them at the end.
 * @throws when not all has been seen within the time, or a request is refused
 */
export async function runDemo(options: {
  running: RunInfo;
  timeoutMs: number;
  write: (line: string) => void;
}): Promise<void> {
  const { running, timeoutMs, write } = options;
  const deadline = AbortSignal.timeout(timeoutMs);
  const story = createStory(write);
  const [posted, completed, delivered] = [new Set<number>(), new Set<number>(), new Set<number>()];
  // Events of tasks that are not known to be ours (yet): the log can be faster than the answer to the POST.
  let unclaimed: SeenEvent[] = [];
  const ended = Promise.withResolvers<void>();
  ended.promise.catch(() => undefined);
  deadline.addEventListener('abort', () => {
    const seen = `of ${posted.size} tasks ${completed.size} were completed and ${delivered.size} webhooks came`;
    ended.reject(new Error(`${seen} within ${timeoutMs / 1000} s`));
  });

  function checkEnd(): void {
    const isDone = posted.size === examples.length && [...posted].every((id) => completed.has(id) && delivered.has(id));
    if (isDone) ended.resolve();
  }

  function see(event: SeenEvent): void {
    story.tell('event', event.taskId, describeEvent(event));
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
    story.tell('request', id, `POST /api/tasks ${body} -> 202 ${status}`);
    unclaimed.filter(({ taskId }) => taskId === id).forEach(see);
    unclaimed = unclaimed.filter(({ taskId }) => taskId !== id);
    checkEnd();
  }

  /** The read model may be a moment behind the webhook. */
  async function readEnded(id: number): Promise<void> {
    const task = await call(`/api/tasks/${id}`);
    if (hasEnded(task.status)) return story.tell('read', id, `GET /api/tasks/${id} -> 200 ${outcome(task)}`);
    await delay(50, undefined, { signal: deadline });
    return readEnded(id);
  }

  const receiver = await receiveWebhooks((task) => {
    story.tell('webhook', task.id, `POST ${outcome(task)}`);
    delivered.add(task.id);
    checkEnd();
  });
  try {
    const { connection, codec, logger } = connectSubscriber('demo', running);
    await codec.start({ signal: deadline });
    const events = await tailEvents({ connection, codec, logger, signal: deadline });
    events.follow((event) => {
      if (posted.has(event.taskId)) see(event);
      else if (posted.size < examples.length && unclaimed.length < maxUnclaimed) unclaimed.push(event);
    });
    try {
      for (const example of examples) await post(example, receiver.url);
      await ended.promise;
      for (const id of posted) await readEnded(id);
      write('\nAll tasks have ended, and their webhooks have arrived.');
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
