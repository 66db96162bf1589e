import { createHash } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { expectProblem, startApi, type ApiUnderTest } from '../fixtures/api-under-test.ts';
import type { ProblemName } from '../http/problem-types.ts';
import { createRouter } from '../http/router.ts';
import { apiKeyOf } from './api-keys.rules.ts';
import { createRateLimit } from './rate-limit.ts';

const prime = '{"type":"prime","payload":{"input":100}}';
const key = (name: string, scopes: string) =>
  apiKeyOf(`${name}:${scopes}:${createHash('sha256').update(`key of ${name}`.replaceAll(' ', '-')).digest('hex')}`);
const keys = [key('reader', 'read'), key('writer', 'write'), key('all', 'read+write+admin')];
const as = (name: string) => ({ authorization: `Bearer key-of-${name}` });

let api: ApiUnderTest;
beforeEach(async () => {
  api = await startApi({}, { keys, quota: { requests: 3, windowS: 60 } });
});
afterEach(() => api.stop());

describe('where clients have keys', () => {
  test.each<[string, Record<string, string>, ProblemName, string]>([
    ['no key', {}, 'unauthenticated', 'Bearer'],
    ['a wrong key', as('nobody'), 'unauthenticated', 'Bearer error="invalid_token"'],
    ['another scheme', { authorization: 'Basic YTpi' }, 'unauthenticated', 'Bearer'],
    ['a key without the scope', as('reader'), 'forbidden', 'Bearer error="insufficient_scope", scope="write"'],
  ])('a request with %s is refused, and says what it lacks', async (_, headers, name, challenge) => {
    const answer = await api.call('POST', '/api/tasks', {
      body: prime,
      headers: { 'content-type': 'application/json', ...headers },
    });
    expectProblem(answer, name);
    expect(answer.headers['www-authenticate']).toBe(challenge);
  });

  test('every operation asks for the scope that the document names, however its path is written', async () => {
    const answer = await api.call('GET', '/openapi.json');
    const { paths } = answer.json() as { paths: Record<string, Record<string, { security?: { apiKey: string[] }[] }>> };
    for (const [path, operations] of Object.entries(paths))
      for (const [method, { security }] of Object.entries(operations)) {
        const concrete = path.replaceAll(/\{\w+\}/g, '4');
        const isGuarded = security !== undefined;
        for (const written of isGuarded ? [concrete, `${concrete}/`, concrete.toUpperCase()] : [concrete]) {
          const { status } = await api.call(method.toUpperCase(), written);
          expect([written, status === 401]).toEqual([written, isGuarded]);
        }
      }
    expect(Object.keys(paths).length).toBeGreaterThan(8);
  });

  test('HEAD asks for what GET does', async () => {
    expect((await api.call('HEAD', '/api/tasks/4')).status).toBe(401);
    expect((await api.call('HEAD', '/api/tasks/4', { headers: as('reader') })).status).toBe(200);
  });

  test('a key with the scope is let in, and named in the log, by the name of its client', async () => {
    const answer = await api.call('GET', '/api/tasks/4', { headers: { ...as('reader'), 'x-request-id': 'abc' } });
    expect(answer.status).toBe(200);
    await api.logged('"requestId":"abc"');
    expect(api.log.join('')).toContain('"client":"reader"');
    expect(api.log.join('')).not.toContain('key-of');
  });

  test('the idempotency keys of clients are apart', async () => {
    const idempotencyKeys: unknown[] = [];
    api.operations.accept = async (_task, _correlation, key) => ({ id: idempotencyKeys.push(key) });
    for (const name of ['writer', 'all'])
      await api.call('POST', '/api/tasks', {
        body: prime,
        headers: { ...as(name), 'content-type': 'application/json', 'idempotency-key': 'k' },
      });
    expect(idempotencyKeys).toEqual(['writer//k', 'all//k']);
  });

  test('a row of the table without a scope is closed, and one without an operation is not served at all', async () => {
    const scopes: unknown[] = [];
    const access = { admit: (_ctx: unknown, scope: unknown) => void scopes.push(scope) } as never;
    const row = { method: 'get', path: '/api/forgotten', handler: () => () => undefined };
    const { stack } = createRouter([{ ...row, operation: { parameters: [] } } as never], {}, access);
    for (const handle of stack[0]!.stack) await handle({ querystring: '' } as never, async () => undefined);
    expect(scopes).toEqual([undefined]);
    expect(() => createRouter([{ ...row, scope: 'read' } as never], {}, access)).toThrow(
      'GET /api/forgotten has no operation',
    );
  });
});

describe('the rate limit of a key', () => {
  test('is told with every answer; beyond it requests are refused until its window ends', async () => {
    const get = () => api.call('GET', '/api/tasks/4', { headers: as('reader') });
    const first = await get();
    expect([first.headers['ratelimit-policy'], first.headers['ratelimit']]).toEqual([
      '"requests";q=3;w=60',
      '"requests";r=2;t=60',
    ]);
    await get();
    await get();
    api.nowMs += 59_000;
    const refused = await get();
    expectProblem(refused, 'rate-limited');
    expect([refused.headers['ratelimit'], refused.headers['retry-after']]).toEqual(['"requests";r=0;t=1', '1']);
    expect((await api.call('GET', '/api/tasks/4', { headers: as('all') })).status).toBe(200);
    api.nowMs += 1_000;
    expect((await get()).status).toBe(200);
  });

  test('counts a batch as many as it has tasks, and takes it whole or not', async () => {
    let accepted = 0;
    api.operations.accept = async () => ({ id: ++accepted });
    const batch = (size: number) =>
      api.call('POST', '/api/tasks/batch', {
        body: JSON.stringify({ tasks: Array(size).fill(JSON.parse(prime)) }),
        headers: { ...as('writer'), 'content-type': 'application/json' },
      });
    expectProblem(await batch(4), 'rate-limited');
    expect(accepted).toBe(0);
    const answer = await batch(2);
    expect([answer.status, answer.headers['ratelimit'], accepted]).toEqual([200, '"requests";r=0;t=60', 2]);
  });
});

describe('pages of other origins', () => {
  const origin = 'https://console.example.com';
  const preflight = {
    origin,
    'access-control-request-method': 'POST',
    'access-control-request-headers': 'idempotency-key',
  };

  test('may not call the API unless they are allowed', async () => {
    expect((await api.call('OPTIONS', '/api/tasks', { headers: preflight })).headers).not.toHaveProperty(
      'access-control-allow-origin',
    );
  });

  test('that are allowed may, with all that the API reads and answers, errors included', async () => {
    await api.stop();
    api = await startApi({}, { keys, corsOrigins: [origin] });
    const asked = await api.call('OPTIONS', '/api/tasks', { headers: preflight });
    expect([asked.status, asked.headers['access-control-allow-origin']]).toEqual([204, origin]);
    expect(asked.headers['access-control-allow-methods']).toContain('POST');
    expect(asked.headers['access-control-allow-headers']).toBe('idempotency-key');
    const refused = await api.call('POST', '/api/tasks', { body: prime, headers: { origin } });
    expectProblem(refused, 'unauthenticated');
    expect(refused.headers['access-control-allow-origin']).toBe(origin);
    for (const name of ['X-Request-Id', 'Consistency-Token', 'Preference-Applied'])
      expect(refused.headers['access-control-expose-headers']).toContain(name);
    const other = await api.call('GET', '/openapi.json', { headers: { origin: 'https://evil.example.com' } });
    expect(other.headers).not.toHaveProperty('access-control-allow-origin');
    expect(other.headers['vary']).toBe('Origin');
  });
});

describe('what answers tell browsers', () => {
  test('every answer is to be taken for what it says, and not to be rendered, framed or stored', async () => {
    const expected = {
      'x-content-type-options': 'nosniff',
      'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
      'cache-control': 'no-store',
    };
    for (const path of ['/api/tasks/4', '/nowhere', '/problems/validation'])
      expect((await api.call('GET', path)).headers).toMatchObject(expected);
  });
});

describe('a rate limit', () => {
  test('counts down, refuses what is too much without counting it, and begins anew after its window', () => {
    const limit = createRateLimit({ requests: 3, windowS: 10 });
    expect(limit.take('a', 1, 0)).toEqual({ isWithin: true, remaining: 2, resetS: 10 });
    expect(limit.take('a', 3, 4_001)).toEqual({ isWithin: false, remaining: 2, resetS: 6 });
    expect(limit.take('a', 2, 9_999)).toEqual({ isWithin: true, remaining: 0, resetS: 1 });
    expect(limit.take('a', 1, 9_999)).toEqual({ isWithin: false, remaining: 0, resetS: 1 });
    expect(limit.take('a', 1, 10_000)).toEqual({ isWithin: true, remaining: 2, resetS: 10 });
  });

  test('counts each client for itself', () => {
    const limit = createRateLimit({ requests: 1, windowS: 10 });
    expect(limit.take('a', 1, 0).isWithin).toBe(true);
    expect(limit.take('b', 1, 0).isWithin).toBe(true);
    expect(limit.take('a', 1, 0).isWithin).toBe(false);
  });

  test('never lets more pass within a window than the quota, and what it says is left does pass', () => {
    const step = fc.record({ passMs: fc.nat(3_000), count: fc.integer({ min: 1, max: 4 }) });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 50 }), (steps) => {
        const limit = createRateLimit({ requests: 5, windowS: 2 });
        let nowMs = 0;
        let window = { endsAtMs: 0, passed: 0 };
        for (const { passMs, count } of steps) {
          nowMs += passMs;
          if (window.endsAtMs <= nowMs) window = { endsAtMs: nowMs + 2_000, passed: 0 };
          const { isWithin, remaining } = limit.take('a', count, nowMs);
          expect(isWithin).toBe(window.passed + count <= 5);
          if (isWithin) window.passed += count;
          expect(remaining).toBe(5 - window.passed);
        }
      }),
    );
  });
});
