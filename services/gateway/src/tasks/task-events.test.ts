import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { TaskEventDocument } from '@nask/schemas';
import { TaskNotFoundError, UnavailableError } from '../errors.ts';
import { expectProblem, startApi, whenAborted, type ApiUnderTest } from '../fixtures/api-under-test.ts';
import type { Positions } from '../read-model/task-state.rules.ts';
import type { FollowedEvent } from './follow-task.ts';

let api: ApiUnderTest;
beforeEach(async () => {
  api = await startApi();
});
afterEach(() => api.stop());

const path = '/api/tasks/4/events';
const streamed = { accept: 'text/event-stream' };

const eventOf = (topic: string, offset: number): TaskEventDocument => ({
  _id: `4/${topic}/${offset}`,
  task_id: 4,
  topic,
  event: 'TaskStarted',
  event_id: 'e',
  partition: 2,
  offset,
  at: new Date(0),
  attempt: 1,
  data: { executor: 'x' },
});
const started: FollowedEvent = {
  event: eventOf('tasks.started', 7),
  positions: { 'tasks.requested': 3, 'tasks.started': 7 },
};

async function openStream(headers: Record<string, string> = {}): Promise<IncomingMessage> {
  const client = api.open('GET', path, { ...streamed, ...headers });
  client.on('error', () => {});
  client.end();
  const [response] = (await once(client, 'response')) as [IncomingMessage];
  response.on('error', () => {});
  return response;
}

describe('the events of a task', () => {
  test('as JSON, oldest first', async () => {
    api.operations.history = async () => [eventOf('tasks.completed', 1), eventOf('tasks.started', 7)];
    const answer = await api.call('GET', path);
    expect(answer.headers['content-type']).toBe('application/json; charset=utf-8');
    expect(answer.json()).toEqual({
      events: [
        expect.objectContaining({
          topic: 'tasks.started',
          partition: 2,
          offset: 7,
          attempt: 1,
          time: '1970-01-01T00:00:00.000Z',
        }),
        expect.objectContaining({ topic: 'tasks.completed' }),
      ],
    });
  });

  test('as a stream, up to the end; an event says where to resume', async () => {
    const asked: unknown[] = [];
    api.operations.follow = async function* (id, after) {
      asked.push(id, after);
      yield started;
    };
    const answer = await api.call('GET', path, { headers: streamed });
    expect([
      answer.status,
      answer.headers['content-type'],
      answer.headers['cache-control'],
      answer.headers['vary'],
    ]).toEqual([200, 'text/event-stream', 'no-store', 'Accept']);
    const [retry, event, end] = answer.text.split('\n\n');
    expect(retry).toBe('retry: 1000');
    const [id, name, data] = event!.split('\n');
    expect([id, name]).toEqual(['id: tasks.requested:3,tasks.started:7', 'event: TaskStarted']);
    expect(JSON.parse(data!.replace('data: ', ''))).toMatchObject({ event: 'TaskStarted', offset: 7 });
    expect(end).toMatch(/^: /);
    expect(asked).toEqual([4, {}]);
  });

  test('resumed, goes on after what the client has', async () => {
    const asked: Positions[] = [];
    api.operations.follow = async function* (_id, after) {
      asked.push(after);
      yield started;
    };
    await api.call('GET', path, { headers: { ...streamed, 'last-event-id': 'tasks.requested:3,tasks.started:7' } });
    expect(asked).toEqual([{ 'tasks.requested': 3, 'tasks.started': 7 }]);
  });

  test('resumed after the end, says not to come again', async () => {
    const headers = { ...streamed, 'last-event-id': 'tasks.completed:1' };
    expect((await api.call('GET', path, { headers })).status).toBe(204);
  });

  test('resumed with what is no id of an event, is refused', async () => {
    const answer = await api.call('GET', path, { headers: { ...streamed, 'last-event-id': '17' } });
    expectProblem(answer, 'validation');
    expect(answer.json()['errors']).toEqual([{ parameter: 'Last-Event-ID', detail: expect.any(String) }]);
  });

  test.each([{}, streamed])('of a task that does not exist are a 404', async (headers) => {
    api.operations.find = async () => Promise.reject(new TaskNotFoundError('No.'));
    expectProblem(await api.call('GET', path, { headers }), 'task-not-found');
  });

  test('HEAD opens no stream', async () => {
    const answer = await api.call('HEAD', path, { headers: streamed });
    expect([answer.status, answer.headers['content-type']]).toEqual([200, 'text/event-stream']);
  });
});

describe('a stream', () => {
  test('is alive while nothing happens', async () => {
    await restart({ heartbeatMs: 5 });
    api.operations.follow = async function* (_id, _after, signal) {
      yield started;
      await whenAborted(signal);
    };
    const response = await openStream();
    let seen = '';
    for await (const chunk of response) {
      seen += String(chunk);
      if (seen.includes('\n:\n\n:\n\n')) break;
    }
    expect(seen).toMatch(/^retry: 1000\n\n[^]*\n:\n\n:\n\n/);
  });

  test('ends its work when the reader leaves, and its place is free', async () => {
    await restart({ maxEventStreams: 1 });
    const following = Promise.withResolvers<AbortSignal>();
    api.operations.follow = async function* (_id, _after, signal) {
      yield started;
      following.resolve(signal);
      await whenAborted(signal);
    };
    const response = await openStream();
    const signal = await following.promise;
    const refused = await api.call('GET', path, { headers: streamed });
    expectProblem(refused, 'overloaded');
    expect(refused.json()['detail']).toContain('at most 1 event streams');
    response.destroy();
    await expect(whenAborted(signal)).rejects.toThrow('closed');
    expect((await openStream()).statusCode).toBe(200);
  });

  test('of a reader that does not read gathers nothing, and is cut off', async () => {
    await restart({ writeTimeoutMs: 50 });
    let sent = 0;
    const over = Promise.withResolvers<void>();
    api.operations.follow = async function* (_id, _after, signal) {
      const event = { ...started.event, data: { text: 'x'.repeat(1_000_000) } };
      signal.addEventListener('abort', () => over.resolve());
      for (; sent < 100; sent++) yield { ...started, event };
      await whenAborted(signal);
    };
    const response = await openStream();
    response.pause();
    await over.promise;
    expect(sent).toBeLessThan(50);
  });

  test('that is interrupted says so, and ends', async () => {
    api.operations.follow = async function* () {
      yield started;
      throw new UnavailableError('STOPPING', 'Stopping.');
    };
    const answer = await api.call('GET', path, { headers: streamed });
    expect(answer.text).toContain('event: TaskStarted');
    expect(answer.text).toMatch(/: interrupted: connect again\n\n$/);
    expect(api.log.join('')).not.toContain('failed unexpectedly');
  });

  test('whose following fails unexpectedly is ended, and the log says why', async () => {
    api.operations.follow = async function* () {
      yield started;
      throw new TypeError('secret detail');
    };
    const answer = await api.call('GET', path, { headers: streamed });
    expect(answer.text).not.toContain('secret detail');
    await api.logged('secret detail');
  });
});

async function restart(limits: Parameters<typeof startApi>[0]): Promise<void> {
  await api.stop();
  api = await startApi(limits);
}
