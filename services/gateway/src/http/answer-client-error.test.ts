import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { createHttpServer, createLogger, type HttpServer } from '@nask/service';
import { answerClientError } from './answer-client-error.ts';
import { problemTypes, type ProblemName } from './problem-types.ts';

let server: HttpServer;
beforeEach(async () => {
  server = createHttpServer({
    name: 'api',
    host: '127.0.0.1',
    port: 0,
    listener: (_request, response) => void response.end('served'),
    headersTimeoutMs: 50,
    onClientError: answerClientError(createLogger({ service: 'gateway', level: 'silent' })),
  });
  await server.start();
});
afterEach(() => server.stop({ graceMs: 0 }).catch(() => undefined));

describe('what is no request is answered with a problem, whole, and the connection closed', () => {
  test.each<[string, string, ProblemName]>([
    ['nonsense', 'nonsense\r\n\r\n', 'malformed-request'],
    ['an unknown method', 'FETCH / HTTP/1.1\r\nHost: x\r\n\r\n', 'malformed-request'],
    ['a bad length', 'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: ten\r\n\r\n', 'malformed-request'],
    [
      'two lengths',
      'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n',
      'malformed-request',
    ],
    ['large headers', `GET / HTTP/1.1\r\nHost: x\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`, 'headers-too-large'],
    ['a large path', `GET /${'x'.repeat(20_000)} HTTP/1.1\r\nHost: x\r\n\r\n`, 'headers-too-large'],
    ['headers that do not end', 'GET / HTTP/1.1\r\nHost: x\r\n', 'request-timeout'],
  ])('%s', async (_, bytes, name) => {
    const [head, body] = (await send(bytes)).split('\r\n\r\n') as [string, string];
    const { status, title } = problemTypes[name];
    expect(head).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
    expect(head).toContain('Connection: close');
    expect(head).toContain('X-Content-Type-Options: nosniff');
    expect(head).toMatch(/^X-Request-Id: [\da-f-]{36}\r$/m);
    expect(head).toContain(`Content-Length: ${Buffer.byteLength(body)}`);
    expect(JSON.parse(body)).toMatchObject({ type: `/problems/${name}`, title, status });
  });

  test('a request before it has its answer', async () => {
    const answers = await send('GET / HTTP/1.1\r\nHost: x\r\n\r\nnonsense\r\n\r\n');
    expect(answers.indexOf('served')).toBeGreaterThan(0);
    expect(answers.indexOf('/problems/malformed-request')).toBeGreaterThan(answers.indexOf('served'));
  });
});

function send(bytes: string): Promise<string> {
  const socket = connect(server.port, '127.0.0.1');
  socket.write(bytes);
  return text(socket);
}
