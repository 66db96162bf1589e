import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { expectProblem, startApi, type ApiUnderTest } from '../fixtures/api-under-test.ts';
import { problemTypes } from '../http/problem-types.ts';
import { routes } from '../routes.ts';
import { apiKeyOf } from './api-keys.rules.ts';

const page = 'https://console.example.com';
const keys = [apiKeyOf(`shop:read+write+admin:${'0a'.repeat(32)}`)];
const changes = routes.filter(({ method }) => method !== 'get');
const pathOf = (path: string) =>
  path.replace('{id}', '4').replace('{name}', 'validation').replace('{file}', 'start.js');

let open: ApiUnderTest;
let keyed: ApiUnderTest;
let done: string[];

beforeAll(async () => {
  open = await startApi({}, { corsOrigins: [page], allowedHosts: ['Gateway', 'tasks.example.com'] });
  keyed = await startApi({}, { keys });
  for (const name of ['accept', 'cancel', 'erase', 'redeliver', 'redeliverFailed', 'find', 'list', 'stats'] as const) {
    const operation = open.operations[name] as (...args: unknown[]) => Promise<unknown>;
    Object.assign(open.operations, {
      [name]: (...args: unknown[]) => {
        done.push(name);
        return operation(...args);
      },
    });
  }
});
afterAll(async () => {
  await open.stop();
  await keyed.stop();
});

describe('a browser beside a gateway without keys', () => {
  test.each<[string, Record<string, string>, 'Origin' | 'Sec-Fetch-Site']>([
    ['a form of another site', { origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' }, 'Origin'],
    ['a page of another port', { origin: 'http://localhost:3000', 'sec-fetch-site': 'same-site' }, 'Origin'],
    ['a sandboxed frame', { origin: 'null' }, 'Origin'],
    ['a browser that hides the origin', { 'sec-fetch-site': 'cross-site' }, 'Sec-Fetch-Site'],
  ])('%s changes nothing, at any operation', async (_, headers, header) => {
    done = [];
    for (const { method, path } of changes) {
      const answer = await open.call(method.toUpperCase(), pathOf(path), { headers });
      expectProblem(answer, 'cross-origin');
      expect(answer.json()['detail']).toMatch(new RegExp(`^The ${header} header .* CORS_ORIGINS`));
    }
    expectProblem(await open.call('PUT', '/api/tasks/4', { headers }), 'cross-origin');
    expect([done, changes.length]).toEqual([[], 6]);
  });

  test.each<[string, Record<string, string>]>([
    ['a client that is no browser', {}],
    [
      'a page of the gateway',
      { host: 'localhost:8000', origin: 'http://localhost:8000', 'sec-fetch-site': 'same-origin' },
    ],
    ['a page of the gateway behind TLS', { host: 'tasks.example.com', origin: 'https://tasks.example.com' }],
    ['a page that CORS_ORIGINS names', { origin: page, 'sec-fetch-site': 'cross-site' }],
  ])('%s may cancel', async (_, headers) => {
    expect((await open.call('POST', '/api/tasks/4/cancel', { headers })).status).toBe(202);
  });

  test('a page that CORS_ORIGINS names gets its preflight answered, another one does not', async () => {
    const ask = (origin: string) =>
      open.call('OPTIONS', '/api/tasks', { headers: { origin, 'access-control-request-method': 'POST' } });
    expect((await ask(page)).headers).toMatchObject({ 'access-control-allow-origin': page, vary: 'Origin' });
    expect((await ask('https://evil.example')).headers).not.toHaveProperty('access-control-allow-origin');
  });

  test.each(['evil.example', 'evil.example:8000', 'localhost.evil.example', 'gateway.evil.example'])(
    'nothing is served at the host %j: names may be rebound',
    async (host) => {
      done = [];
      for (const { method, path } of routes) {
        const answer = await open.call(method.toUpperCase(), pathOf(path), { headers: { host } });
        expectProblem(answer, 'unknown-host');
        expect(answer.json()['detail']).toMatch(/Host header .* ALLOWED_HOSTS/);
      }
      const asks = { host, origin: page, 'access-control-request-method': 'POST' };
      expectProblem(await open.call('OPTIONS', '/api/tasks', { headers: asks }), 'unknown-host');
      expectProblem(await open.call('GET', '/nowhere', { headers: { host } }), 'unknown-host');
      expect(done).toEqual([]);
    },
  );

  test.each([
    'localhost:8000',
    'LocalHost',
    'api.localhost',
    '127.0.0.1:1',
    '[::1]:8000',
    '10.0.0.1',
    'gateway:8000',
    'TASKS.example.com.',
  ])('all is served at the host %s', async (host) => {
    expect((await open.call('GET', '/api/tasks/4', { headers: { host } })).status).toBe(200);
    expect((await open.call('GET', '/docs', { headers: { host } })).status).toBe(200);
  });

  test('health is answered at any host, because a probe may send any', async () => {
    for (const path of ['/healthz', '/readyz'])
      expect((await open.call('GET', path, { headers: { host: 'probe.example' } })).text).toBe('health');
  });

  test.each([
    ['in another case', 'hOsT: evil.example\r\n', 421],
    ['empty', 'Host:\r\n', 421],
    ['after spaces', 'Host:   evil.example  \r\n', 421],
    ['twice', 'Host: localhost\r\nHost: evil.example\r\n', 400],
    ['never', '', 400],
  ])('a Host header that is %s: %j is answered %d', async (_, header, status) => {
    const answer = await send(open, `GET /api/tasks/4 HTTP/1.1\r\n${header}Connection: close\r\n\r\n`);
    expect(answer).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
  });

  test('HTTP/1.0 without a Host header is served: no browser sends it', async () => {
    expect(await send(open, 'GET /api/tasks/4 HTTP/1.0\r\n\r\n')).toMatch(/^HTTP\/1\.1 200 /);
  });

  test('an Origin header that is there twice is refused, in any case', async () => {
    const origins = 'ORIGIN: http://localhost\r\norigin: http://localhost\r\n';
    const answer = await send(
      open,
      `POST /api/tasks/4/cancel HTTP/1.1\r\nHost: localhost\r\n${origins}Connection: close\r\n\r\n`,
    );
    expect(answer).toContain('/problems/cross-origin');
  });
});

describe('where clients have keys', () => {
  test('any host is served, and pages of other origins may not change anything', async () => {
    expect((await keyed.call('GET', '/openapi.json', { headers: { host: 'any.example' } })).status).toBe(200);
    const headers = { origin: 'https://evil.example' };
    expectProblem(await keyed.call('POST', '/api/tasks/4/cancel', { headers }), 'cross-origin');
  });
});

test('the OpenAPI document has both refusals where they are possible', async () => {
  for (const [api, hasKeys] of [
    [open, false],
    [keyed, true],
  ] as const) {
    const { paths } = (await api.call('GET', '/openapi.json')).json() as {
      paths: Record<string, Record<string, { responses: Record<string, { description: string }> }>>;
    };
    for (const { method, path } of routes) {
      const { responses } = paths[path]![method]!;
      expect(responses['403']?.description.includes('/problems/cross-origin') ?? false).toBe(method !== 'get');
      expect('421' in responses).toBe(!hasKeys);
    }
  }
  expect(problemTypes['unknown-host'].status).toBe(421);
});

function send({ server }: ApiUnderTest, bytes: string): Promise<string> {
  const socket = connect(server.port, '127.0.0.1');
  socket.write(bytes);
  return text(socket);
}
