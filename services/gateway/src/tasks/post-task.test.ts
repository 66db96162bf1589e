import { once } from 'node:events';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import {
  IdempotencyKeyInUseError,
  IdempotencyKeyReusedError,
  OutcomeUnknownError,
  TaskTooLargeError,
  UnavailableError,
} from '../errors.ts';
import { expectProblem, startApi, type ApiUnderTest } from '../fixtures/api-under-test.ts';
import type { ProblemName } from '../http/problem-types.ts';
import type { NewTask } from './new-task.rules.ts';

const prime = '{"type":"prime","notify_url":"http://127.0.0.1:8000/","payload":{"input":100}}';

let api: ApiUnderTest;
beforeEach(async () => {
  api = await startApi();
});
afterEach(() => api.stop());

describe('POST /api/tasks', () => {
  test('answers 202 with the place and the body of the contract, once the task is accepted', async () => {
    const accepted: unknown[] = [];
    api.operations.accept = async (...args) => {
      accepted.push(args);
      return { id: 4 };
    };
    const traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';
    const answer = await api.call('POST', '/api/tasks', {
      body: prime,
      headers: { traceparent, 'x-request-id': 'req-1' },
    });
    expect([answer.status, answer.headers['location'], answer.text]).toEqual([
      202,
      '/api/tasks/4',
      '{"id":4,"type":"prime","status":"PENDING","notify_url":"http://127.0.0.1:8000/","payload":{"input":100}}',
    ]);
    expect(answer.headers['content-type']).toBe('application/json; charset=utf-8');
    expect(accepted).toEqual([
      [
        expect.objectContaining({
          type: 'prime',
          payloadJson: '{"input":100}',
          notifyUrl: 'http://127.0.0.1:8000/',
          tags: [],
          includeResult: true,
        }),
        { requestId: 'req-1', traceparent, client: null },
        undefined,
      ],
    ]);
  });

  test('given all optional fields, then the body of the answer is the same, and of a batch as well', async () => {
    const accepted: NewTask[] = [];
    api.operations.accept = async (task) => ({ id: accepted.push(task) });
    const more = { timeout: 5, tags: ['tenant=acme', 'nightly'], include_result: false };
    const task = JSON.stringify({ ...(JSON.parse(prime) as object), ...more });
    const expected =
      '{"id":1,"type":"prime","status":"PENDING","notify_url":"http://127.0.0.1:8000/","payload":{"input":100}}';
    const answer = await api.call('POST', '/api/tasks', { body: task });
    expect([answer.status, answer.text]).toEqual([202, expected]);
    const batch = await api.call('POST', '/api/tasks/batch', { body: `{"tasks":[${task}]}` });
    expect(batch.text).toBe(`{"results":[{"status":202,"task":${expected.replace('"id":1', '"id":2')}}]}`);
    const wanted = { timeoutMs: 5_000, tags: more.tags, includeResult: false };
    expect(accepted).toMatchObject([wanted, wanted]);
  });

  test('names a tag that is not allowed, in a batch with its place', async () => {
    const task = '{"type":"prime","payload":{"input":1},"tags":["A"]}';
    const detail = 'must match pattern "^[a-z0-9_.:=/-]{1,64}$"';
    const answer = await api.call('POST', '/api/tasks', { body: task });
    expectProblem(answer, 'validation');
    expect(answer.json()['errors']).toEqual([{ pointer: '/tags/0', detail }]);
    const batch = await api.call('POST', '/api/tasks/batch', { body: `{"tasks":[${task}]}` });
    expect(batch.json()).toMatchObject({
      results: [{ status: 422, problem: { errors: [{ pointer: '/tasks/0/tags/0', detail }] } }],
    });
  });

  test('hands its Idempotency-Key on, in quotes or without; each place of a batch has its own', async () => {
    const keys: unknown[] = [];
    api.operations.accept = async (_task, _correlation, key) => ({ id: keys.push(key) });
    await api.call('POST', '/api/tasks', { body: prime, headers: { 'idempotency-key': '"k"' } });
    await api.call('POST', '/api/tasks', { body: prime, headers: { 'idempotency-key': 'k' } });
    const body = `{"tasks":[${prime},${prime}]}`;
    await api.call('POST', '/api/tasks/batch', { body, headers: { 'idempotency-key': 'k' } });
    expect(keys).toEqual(['//k', '//k', '/0/k', '/1/k']);
  });

  test.each(['', 'a b', '"'])('refuses the Idempotency-Key %j', async (key) => {
    for (const path of ['/api/tasks', '/api/tasks/batch']) {
      const body = path.endsWith('batch') ? `{"tasks":[${prime}]}` : prime;
      const answer = await api.call('POST', path, { body, headers: { 'idempotency-key': key } });
      expectProblem(answer, 'validation');
      expect(answer.json()).toMatchObject({ errors: [{ parameter: 'Idempotency-Key' }] });
    }
  });

  test('whatever is accepted as an answer: it is JSON', async () => {
    const answer = await api.call('POST', '/api/tasks', { body: prime, headers: { accept: 'image/png' } });
    expect(answer.status).toBe(202);
  });

  test.each([
    ['application/json', 202],
    ['application/json; charset=utf-8', 202],
    ['application/json; charset="UTF-8"', 202],
    ['application/json; charset=iso-8859-1', 415],
    ['application/vnd.nask+json', 202],
    ['application/x-www-form-urlencoded', 415],
    ['text/plain', 415],
    ['nonsense', 415],
    ['', 415],
  ])('with Content-Type %j answers %d', async (contentType, status) => {
    const answer = await api.call('POST', '/api/tasks', { body: prime, headers: { 'content-type': contentType } });
    expect(answer.status).toBe(status);
    if (status === 415) expectProblem(answer, 'unsupported-media-type');
  });

  test('without a body answers 415: nothing says that it is JSON', async () => {
    expectProblem(await api.call('POST', '/api/tasks', { headers: {} }), 'unsupported-media-type');
  });

  test('an empty body that is said to be JSON is malformed', async () => {
    expectProblem(await api.call('POST', '/api/tasks', { body: '' }), 'malformed-request');
  });

  test('a compressed body is refused', async () => {
    const answer = await api.call('POST', '/api/tasks', { body: 'x', headers: { 'content-encoding': 'gzip' } });
    expectProblem(answer, 'unsupported-media-type');
    expect(answer.headers['accept-encoding']).toBe('identity');
  });

  test.each([
    ['{"type":', 'malformed-request'],
    ['{"a":NaN}', 'malformed-request'],
    [Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d]), 'malformed-request'],
    ['{}', 'validation'],
    ['[1]', 'validation'],
    ['{"type":"prime","payload":{"input":1e400}}', 'validation'],
    ['['.repeat(30_000) + ']'.repeat(30_000), 'validation'],
    ['['.repeat(60_000), 'malformed-request'],
    ['{"type":"prime","payload":{"input":1},"__proto__":{"type":"x"}}', 'validation'],
  ] as [string | Buffer, ProblemName][])('the body %.40j is a problem: %s', async (body, name) => {
    expectProblem(await api.call('POST', '/api/tasks', { body }), name);
  });

  test('names each fault with its place and the limit', async () => {
    const answer = await api.call('POST', '/api/tasks', { body: '{"type":"prime","payload":{"input":5000001},"x":1}' });
    expectProblem(answer, 'validation');
    expect(answer.json()).toMatchObject({
      detail: '/x is not a known field; /payload/input must be <= 5000000.',
      errors: [
        { pointer: '/x', detail: 'is not a known field' },
        { pointer: '/payload/input', detail: 'must be <= 5000000' },
      ],
    });
  });

  test.each(['with its length', 'in chunks'])(
    'a body above the limit, sent %s, is refused with the limit',
    async (how) => {
      await restart({ maxBodyBytes: 1_024 });
      const headers: Record<string, string> = how === 'in chunks' ? { 'transfer-encoding': 'chunked' } : {};
      const fits = await api.call('POST', '/api/tasks', { body: prime.padEnd(1_024), headers });
      expect(fits.status).toBe(202);
      const answer = await api.call('POST', '/api/tasks', { body: prime.padEnd(1_025), headers });
      expectProblem(answer, 'body-too-large');
      expect(answer.json()['detail']).toBe('The body is larger than 1024 bytes.');
    },
  );

  test('a body that does not arrive in time is answered 408, and the connection closed', async () => {
    await restart({ bodyTimeoutMs: 20 });
    const socket = connect(api.server.port, '127.0.0.1');
    socket.write(
      'POST /api/tasks HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{"ty',
    );
    const answer = await text(socket);
    expect(answer).toMatch(/^HTTP\/1\.1 408 /);
    expect(answer).toContain('Connection: close');
    expect(answer).toContain('"type":"/problems/request-timeout"');
  });

  test('a client that leaves in the middle of its body costs nothing but its request', async () => {
    const socket = connect(api.server.port, '127.0.0.1');
    socket.write(
      'POST /api/tasks HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{"ty',
    );
    await once(socket, 'connect');
    socket.destroy();
    await api.logged('"status":"aborted"');
    expect((await api.call('POST', '/api/tasks', { body: prime })).status).toBe(202);
    expect(api.log.join('')).not.toContain('"level":"error"');
  });
});

describe('what keeps a task from being accepted', () => {
  test.each<[string, Error, ProblemName, string | undefined]>([
    ['no room', new UnavailableError('NOT_ACCEPTED', 'The queue is full.'), 'not-accepted', '2'],
    ['a stop', new UnavailableError('STOPPING', 'Stopping.'), 'stopping', '1'],
    ['its size', new TaskTooLargeError('Too large.'), 'body-too-large', undefined],
    ['no store of its key', new UnavailableError('KEYS_UNAVAILABLE', 'Away.'), 'idempotency-keys-unavailable', '2'],
    ['another with its key in flight', new IdempotencyKeyInUseError('In use.'), 'idempotency-key-in-use', '1'],
    ['another body with its key', new IdempotencyKeyReusedError('Reused.'), 'idempotency-key-reused', undefined],
    ['no acknowledgement', new OutcomeUnknownError(17, 'Nobody knows.'), 'outcome-unknown', '5'],
  ])('%s is a problem', async (_, error, name, retryAfter) => {
    api.operations.accept = failsWith(error);
    const answer = await api.call('POST', '/api/tasks', { body: prime });
    expectProblem(answer, name);
    expect(answer.json()['detail']).toBe(error.message);
    expect(answer.headers['retry-after']).toBe(retryAfter);
  });

  test('when the outcome is unknown the answer has the id that the task would have', async () => {
    api.operations.accept = failsWith(new OutcomeUnknownError(17, 'Nobody knows.'));
    expect((await api.call('POST', '/api/tasks', { body: prime })).json()).toMatchObject({ task_id: 17 });
  });

  test('what nobody expected is a 500 that says nothing of itself, and is logged under the request id', async () => {
    api.operations.accept = failsWith(new TypeError('secret detail'));
    const answer = await api.call('POST', '/api/tasks', { body: prime, headers: { 'x-request-id': 'req-7' } });
    expectProblem(answer, 'internal');
    expect(answer.text).not.toContain('secret');
    const line = api.log.find((line) => line.includes('"level":"error"'));
    expect(line).toContain('secret detail');
    expect(line).toContain('"requestId":"req-7"');
  });
});

function failsWith(error: Error): () => Promise<never> {
  return async () => {
    throw error;
  };
}

async function restart(limits: Parameters<typeof startApi>[0]): Promise<void> {
  await api.stop();
  api = await startApi(limits);
}
