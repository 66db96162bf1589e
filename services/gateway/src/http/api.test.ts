import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { expectProblem, startApi, type ApiUnderTest } from '../fixtures/api-under-test.ts';
import { routes } from '../routes.ts';
import { problemTypes, type ProblemName } from './problem-types.ts';

const prime = '{"type":"prime","notify_url":"http://127.0.0.1:8000/","payload":{"input":100}}';
const never = () => new Promise<never>(() => {});

let api: ApiUnderTest;
beforeEach(async () => {
  api = await startApi();
});
afterEach(() => api.stop());

describe('the API as a whole', () => {
  test.each([
    ['DELETE', '/api/tasks', 'HEAD, GET, POST, OPTIONS'],
    ['DELETE', '/api/tasks/batch', 'POST, OPTIONS'],
    ['GET', '/api/tasks/batch', 'POST, OPTIONS'],
    ['PUT', '/api/tasks/4', 'HEAD, GET, DELETE, OPTIONS'],
    ['TRACE', '/api/tasks/4', 'HEAD, GET, DELETE, OPTIONS'],
    ['PROPFIND', '/api/tasks/4', 'HEAD, GET, DELETE, OPTIONS'],
  ])('%s %s is not allowed, and Allow says what is', async (method, path, allow) => {
    const answer = await api.call(method, path);
    expectProblem(answer, 'method-not-allowed');
    expect(new Set(String(answer.headers['allow']).split(', '))).toEqual(new Set(allow.split(', ')));
  });

  test('OPTIONS says what a resource takes; HEAD is GET without the body', async () => {
    const options = await api.call('OPTIONS', '/api/tasks/4');
    expect([options.status, options.text]).toEqual([204, '']);
    expect(options.headers['allow']).toContain('GET');
    const head = await api.call('HEAD', '/api/tasks/4');
    expect([head.status, head.text]).toEqual([200, '']);
  });

  test('a query parameter that no operation knows is refused by name, wherever it is; without one all is as before', async () => {
    for (const { method, path, operation } of routes) {
      const known = operation.parameters?.some((parameter) => parameter.in === 'query');
      const at = `${path.replace('{id}', '4').replace('{name}', 'validation')}?colour=red`;
      const answer = await api.call(method.toUpperCase(), at, operation.requestBody && { body: prime });
      expectProblem(answer, 'validation');
      expect([at, answer.json()['errors']]).toEqual([
        at,
        [
          {
            parameter: 'colour',
            detail: expect.stringContaining(known ? 'the parameters are' : 'no query parameters'),
          },
        ],
      ]);
    }
    expect((await api.call('GET', '/api/tasks/4?')).status).toBe(200);
  });

  test.each([
    '/api',
    '/api/tasks/4/x',
    '/api/task',
    '//',
    '/%zz',
    '/api/%2e%2e/tasks',
    '*',
    '/problems/x',
    '/problems/toString',
    '/metrics',
  ])('there is nothing at %s', async (path) => {
    expectProblem(await api.call('GET', path), 'not-found');
  });

  test('a request without a Host is refused, one that expects what nobody knows is served', async () => {
    const send = (bytes: string) => {
      const socket = connect(api.server.port, '127.0.0.1');
      socket.write(bytes);
      return text(socket);
    };
    const refused = await send('GET /api/tasks/4 HTTP/1.1\r\n\r\n');
    expect(refused).toMatch(/^HTTP\/1\.1 400 /);
    expect(refused).toContain('"detail":"An HTTP/1.1 request has to have one Host header."');
    const served = await send(
      'GET /api/tasks/4 HTTP/1.1\r\nHost: localhost\r\nExpect: magic\r\nConnection: close\r\n\r\n',
    );
    expect(served).toMatch(/^HTTP\/1\.1 200 /);
  });

  test('/ has links that lead somewhere, and redirects clients that prefer HTML to the interactive page', async () => {
    const answer = await api.call('GET', '/');
    expect([answer.status, answer.headers['vary']]).toEqual([200, 'Accept']);
    const { links } = answer.json() as { links: Record<string, string> };
    expect(Object.values(links)).toContain('/openapi.json');
    for (const path of Object.values(links)) expect([path, (await api.call('GET', path)).status]).toEqual([path, 200]);
    const browser = { accept: 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8' };
    const redirect = await api.call('GET', '/', { headers: browser });
    expect([redirect.status, redirect.headers['location'], redirect.headers['vary']]).toEqual([302, 'docs', 'Accept']);
    for (const accept of ['*/*', 'application/json', 'image/png'])
      expect((await api.call('GET', '/', { headers: { accept } })).status).toBe(200);
    expect(await api.call('HEAD', '/')).toMatchObject({ status: 200, text: '' });
    expectProblem(await api.call('POST', '/', { body: prime }), 'method-not-allowed');
  });

  test('a browser asks whether its parts of the interactive page are still those of this version', async () => {
    for (const path of ['/docs', '/docs/start.js', '/docs/swagger-ui-bundle.js']) {
      const { status, headers } = await api.call('GET', path);
      expect([path, status, headers['cache-control']]).toEqual([path, 200, 'no-cache']);
      const again = await api.call('GET', path, { headers: { 'if-none-match': String(headers['etag']) } });
      expect([path, again.status, again.text]).toEqual([path, 304, '']);
      const outdated = await api.call('GET', path, { headers: { 'if-none-match': '"other"' } });
      expect([path, outdated.status]).toEqual([path, 200]);
    }
  });

  test('every kind of problem can be read at its type', async () => {
    for (const name of Object.keys(problemTypes) as ProblemName[]) {
      const answer = await api.call('GET', `/problems/${name}`);
      expect([answer.status, answer.json()['status']]).toEqual([200, problemTypes[name].status]);
    }
  });

  test('every answer has a request id: the usable one of the client, else a new one', async () => {
    const given = await api.call('GET', '/api/tasks/4', { headers: { 'x-request-id': 'abc-1' } });
    expect(given.headers['x-request-id']).toBe('abc-1');
    const refused = await api.call('GET', '/nowhere', { headers: { 'x-request-id': 'not a good one' } });
    expect(refused.headers['x-request-id']).toMatch(/^[\da-f-]{36}$/);
    const other = await api.call('GET', '/nowhere');
    expect(other.headers['x-request-id']).not.toBe(refused.headers['x-request-id']);
  });

  test('each request has one line in the log, without its query', async () => {
    await api.call('GET', '/api/tasks?limit=7', { headers: { 'x-request-id': 'abc-2' } });
    await api.logged('abc-2');
    const lines = api.log.map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(lines).toEqual([
      expect.objectContaining({ requestId: 'abc-2', method: 'GET', path: '/api/tasks', status: 200, level: 'info' }),
    ]);
  });

  test('requests are measured by the template of their route, never by their path', async () => {
    await api.call('GET', '/api/tasks/4');
    await api.call('GET', '/api/tasks/5');
    await api.call('GET', '/some/where');
    const text = await api.metrics.metrics();
    expect(text).toContain('http_request_duration_seconds_count{route="/api/tasks/:id",method="GET",status="200"} 2');
    expect(text).toContain('http_request_duration_seconds_count{route="none",method="GET",status="404"} 1');
    expect(text).not.toContain('/some/where');
  });

  test('requests above the limit are refused at once, the others are served', async () => {
    await restart({ maxRequestsInFlight: 1 });
    const arrived = Promise.withResolvers<void>();
    const gate = Promise.withResolvers<{ id: number }>();
    api.operations.accept = () => {
      arrived.resolve();
      return gate.promise;
    };
    const first = api.call('POST', '/api/tasks', { body: prime });
    await arrived.promise;
    const second = await api.call('GET', '/api/tasks/4');
    expectProblem(second, 'overloaded');
    expect(second.json()['detail']).toContain('at most 1 such requests');
    gate.resolve({ id: 4 });
    expect((await first).status).toBe(202);
    expect((await api.call('GET', '/api/tasks/4')).status).toBe(200);
  });

  test('a request whose client has left counts until its work is done', async () => {
    await restart({ maxRequestsInFlight: 1 });
    const arrived = Promise.withResolvers<void>();
    const gate = Promise.withResolvers<{ id: number }>();
    api.operations.accept = () => {
      arrived.resolve();
      return gate.promise;
    };
    const client = api.open('POST', '/api/tasks', { 'content-type': 'application/json' });
    client.on('error', () => undefined);
    client.end(prime);
    await arrived.promise;
    client.destroy();
    expectProblem(await api.call('GET', '/api/tasks/4'), 'overloaded');
    gate.resolve({ id: 4 });
    await api.logged('"status":"aborted"');
    expect((await api.call('GET', '/api/tasks/4')).status).toBe(200);
  });

  test('health is answered here too, whatever is in flight, and metrics are not', async () => {
    await restart({ maxRequestsInFlight: 1 });
    api.operations.find = never;
    const waiting = api.open('GET', '/api/tasks/1');
    waiting.end();
    waiting.on('error', () => {});
    expect((await api.call('GET', '/healthz')).text).toBe('health');
    expect((await api.call('GET', '/readyz')).text).toBe('health');
    waiting.destroy();
  });

  test('on stop, requests are answered and their connections closed', async () => {
    const arrived = Promise.withResolvers<void>();
    const gate = Promise.withResolvers<{ id: number }>();
    api.operations.accept = () => {
      arrived.resolve();
      return gate.promise;
    };
    const first = api.call('POST', '/api/tasks', { body: prime });
    await arrived.promise;
    const stopped = api.server.stop({ graceMs: 60_000 });
    gate.resolve({ id: 4 });
    expect((await first).status).toBe(202);
    await stopped;
    await expect(api.call('GET', '/api/tasks/4')).rejects.toThrow('ECONNREFUSED');
  });
});

async function restart(limits: Parameters<typeof startApi>[0]): Promise<void> {
  await api.stop();
  api = await startApi(limits);
}
