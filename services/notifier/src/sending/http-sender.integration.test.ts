import { describe, expect, test } from '@jest/globals';
import { createServer as createTlsServer } from 'node:tls';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { createAddressPolicy } from './address-policy.rules.ts';
import { webhookTarget } from './webhook.rules.ts';
import { startReceiver, startTcpReceiver } from '../fixtures/receiver.ts';
import { createHttpSender, type HttpSender, type HttpSenderOptions } from './http-sender.ts';

/** Long enough to be reached by no test that does not mean to. */
const longMs = 60_000;

function createSender(options: Partial<HttpSenderOptions> = {}): HttpSender & AsyncDisposable {
  const sender = createHttpSender({
    policy: createAddressPolicy(['127.0.0.0/8']),
    resolve: () => Promise.resolve([{ address: '127.0.0.1', family: 4 }]),
    userAgent: 'nask-task/0.0.0',
    timeoutMs: longMs,
    connectTimeoutMs: longMs,
    keepAnswerBytes: 16,
    connectionsPerOrigin: 4,
    nowMs: () => 0,
    ...options,
  });
  return { ...sender, [Symbol.asyncDispose]: () => sender.close() };
}

const headers = { 'webhook-id': 'task_4_m0', 'webhook-timestamp': '1', 'webhook-signature': 'v1,abc' };
const never = new AbortController().signal;

async function post(sender: HttpSender, url: string, signal = never) {
  return (await sender.send({ target: webhookTarget(url), headers, body: '{"id":4}' }, signal)).result;
}

test('of an answer the beginning is kept, for people', async () => {
  await using sender = createSender();
  await using receiver = await startReceiver((response) =>
    response.writeHead(503).end(`12345678901234é${'x'.repeat(900)}`),
  );
  const headers = { 'webhook-id': 'task_4', 'webhook-timestamp': '1795000000' };
  const request = { target: webhookTarget(receiver.url), headers, body: '{}' };
  // The limit of 16 bytes is behind the character of two; one less would cut it, and it would be left out.
  expect(await sender.send(request, new AbortController().signal)).toMatchObject({ answerStart: '12345678901234é' });
});

describe('an attempt', () => {
  test('POSTs the body as JSON, with the headers of the webhook and our name', async () => {
    await using receiver = await startReceiver();
    await using sender = createSender();

    expect(await post(sender, `${receiver.url}hooks?a=b`)).toEqual({ kind: 'accepted', status: 200 });
    expect(receiver.requests).toMatchObject([
      {
        method: 'POST',
        path: '/hooks?a=b',
        body: '{"id":4}',
        headers: { ...headers, 'content-type': 'application/json', 'user-agent': 'nask-task/0.0.0' },
      },
    ]);
    expect(receiver.requests[0]?.headers).not.toHaveProperty('authorization');
  });

  test('sends the credentials of the URL as basic authorization', async () => {
    await using receiver = await startReceiver();
    await using sender = createSender();

    await post(sender, receiver.url.replace('http://', 'http://me:secret@'));
    const authorization = `Basic ${Buffer.from('me:secret').toString('base64')}`;
    expect(receiver.requests).toMatchObject([{ path: '/', headers: { authorization } }]);
  });

  test.each([
    [204, {}, { kind: 'accepted', status: 204 }],
    [404, {}, { kind: 'rejected', status: 404 }],
    [410, {}, { kind: 'gone', status: 410 }],
    [429, { 'retry-after': '7' }, { kind: 'unavailable', status: 429, retryAfterMs: 7000 }],
    [503, {}, { kind: 'unavailable', status: 503 }],
  ])('that is answered %i with %j is %j', async (status, answerHeaders, result) => {
    await using receiver = await startReceiver((response) => response.writeHead(status, answerHeaders).end('whatever'));
    await using sender = createSender();

    expect(await post(sender, receiver.url)).toEqual(result);
  });

  test('follows no redirect', async () => {
    await using elsewhere = await startReceiver();
    await using receiver = await startReceiver((response) =>
      response.writeHead(307, { location: elsewhere.url }).end(),
    );
    await using sender = createSender();

    expect(await post(sender, receiver.url)).toEqual({ kind: 'rejected', status: 307 });
    expect(elsewhere.connections()).toBe(0);
  });

  test('uses a connection again', async () => {
    await using receiver = await startReceiver();
    await using sender = createSender({ connectionsPerOrigin: 1 });

    for (let i = 0; i < 3; i += 1) await post(sender, receiver.url);
    expect(receiver.connections()).toBe(1);
  });

  test('beyond the limit of origins closes the connections of the one not used for longest', async () => {
    await using first = await startReceiver();
    await using second = await startReceiver();
    await using sender = createSender({ maxOrigins: 1 });

    await post(sender, first.url);
    const closed = first.nextClose();
    await post(sender, second.url);
    await closed;
    expect(await post(sender, first.url)).toMatchObject({ kind: 'accepted' });
  });

  test('still gets its answer when its origin is pushed out meanwhile', async () => {
    const asked = Promise.withResolvers<() => void>();
    await using slow = await startReceiver((response) => asked.resolve(() => response.end()));
    await using other = await startReceiver();
    await using sender = createSender({ maxOrigins: 1 });

    const pending = post(sender, slow.url);
    const answer = await asked.promise;
    await post(sender, other.url);
    answer();
    expect(await pending).toMatchObject({ kind: 'accepted' });
  });
});

describe('a receiver that misbehaves', () => {
  test('by not answering: timeout', async () => {
    await using receiver = await startTcpReceiver(() => {});
    await using sender = createSender({ timeoutMs: 100 });

    const closed = receiver.nextClose();
    expect(await post(sender, receiver.url)).toEqual({ kind: 'timeout' });
    await closed;
  });

  test.each([
    ['header lines without end', 'HTTP/1.1 200 OK\r\n', 'x: y\r\n'],
    ['interim answers without end', '', 'HTTP/1.1 102 Processing\r\n\r\n'],
  ])('by trickling %s: timeout', async (_, start, more) => {
    await using receiver = await startTcpReceiver((socket) => {
      socket.write(start);
      const trickle = setInterval(() => socket.write(more), 10);
      socket.once('close', () => clearInterval(trickle));
    });
    await using sender = createSender({ timeoutMs: 200 });

    const closed = receiver.nextClose();
    expect(await post(sender, receiver.url)).toEqual({ kind: 'timeout' });
    await closed;
  });

  test('by trickling the body of a good answer: accepted, and the connection is dropped at the timeout', async () => {
    await using receiver = await startReceiver((response) => {
      response.writeHead(200);
      const trickle = setInterval(() => response.write('x'), 10);
      response.once('close', () => clearInterval(trickle));
    });
    await using sender = createSender({ timeoutMs: 500 });

    const closed = receiver.nextClose();
    expect(await post(sender, receiver.url)).toEqual({ kind: 'accepted', status: 200 });
    await closed;
  });

  test.each([
    ['announced', { 'content-length': '1000000000000' }],
    ['unannounced', {}],
  ])('by answering gigabytes, %s: the status counts and the connection is dropped', async (_, answerHeaders) => {
    await using receiver = await startReceiver((response) => {
      const chunk = Buffer.alloc(65_536);
      const pour = (): void => {
        while (response.writable && response.write(chunk));
      };
      response.writeHead(500, answerHeaders).on('drain', pour);
      pour();
    });
    await using sender = createSender();

    const closed = receiver.nextClose();
    expect(await post(sender, receiver.url)).toEqual({ kind: 'unavailable', status: 500 });
    await closed;
  });

  test('by breaking off the body of a good answer: accepted', async () => {
    await using receiver = await startReceiver((response) => {
      response.writeHead(200, { 'content-length': '100' });
      response.write('x', () => response.destroy());
    });
    await using sender = createSender();

    expect(await post(sender, receiver.url)).toEqual({ kind: 'accepted', status: 200 });
  });

  test.each([
    ['resetting the connection', undefined, 'ECONNRESET'],
    ['closing it', '', 'UND_ERR_SOCKET'],
    ['speaking something else', '220 smtp.example.com ESMTP\r\n', 'HTTPParserError'],
    ['sending 100 KB of headers', `HTTP/1.1 200 OK\r\nx: ${'y'.repeat(100_000)}\r\n\r\n`, 'UND_ERR_HEADERS_OVERFLOW'],
    [
      'changing the protocol',
      'HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n',
      'UND_ERR_SOCKET',
    ],
  ])('by %s: unreachable', async (_, answer, cause) => {
    await using receiver = await startTcpReceiver((socket) => {
      socket.once('data', () => {
        if (answer === undefined) socket.resetAndDestroy();
        else socket.end(answer);
      });
    });
    await using sender = createSender();

    expect(await post(sender, receiver.url)).toEqual({ kind: 'unreachable', cause });
  });

  test('by not being there: unreachable', async () => {
    const receiver = await startReceiver();
    await receiver[Symbol.asyncDispose]();
    await using sender = createSender();

    expect(await post(sender, receiver.url)).toEqual({ kind: 'unreachable', cause: 'ECONNREFUSED' });
  });

  test('does not spoil the next attempt', async () => {
    let requests = 0;
    await using receiver = await startReceiver((response) => {
      requests += 1;
      if (requests === 1) response.destroy();
      else response.end();
    });
    await using sender = createSender();

    expect(await post(sender, receiver.url)).toMatchObject({ kind: 'unreachable' });
    expect(await post(sender, receiver.url)).toMatchObject({ kind: 'accepted' });
  });
});

describe('a host', () => {
  test('that has no address: unreachable', async () => {
    const failed = Object.assign(new Error('no such host'), { code: 'ENOTFOUND' });
    await using sender = createSender({ resolve: () => Promise.reject(failed) });
    expect(await post(sender, 'http://nowhere.example/')).toEqual({ kind: 'unreachable', cause: 'ENOTFOUND' });
  });

  test('whose name server does not answer: timeout', async () => {
    await using sender = createSender({ resolve: () => new Promise(() => {}), connectTimeoutMs: 100 });
    expect(await post(sender, 'http://slow.example/')).toEqual({ kind: 'timeout' });
  });

  test('keeps its name in TLS, though its address is connected to', async () => {
    const asked: string[] = [];
    const server = createTlsServer({
      SNICallback: (servername, done) => {
        asked.push(servername);
        done(new Error('no certificate'));
      },
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    await using sender = createSender();

    const { port } = server.address() as AddressInfo;
    expect(await post(sender, `https://receiver.example:${port}/`)).toMatchObject({ kind: 'unreachable' });
    expect(asked).toEqual(['receiver.example']);
    server.close();
  });
});

describe('the signal', () => {
  test('ends an attempt, with its reason', async () => {
    const connected = Promise.withResolvers<void>();
    await using receiver = await startTcpReceiver(() => connected.resolve());
    await using sender = createSender();
    const stop = new AbortController();

    const closed = receiver.nextClose();
    const pending = post(sender, receiver.url, stop.signal);
    await connected.promise;
    stop.abort(new Error('stopped'));
    await expect(pending).rejects.toThrow('stopped');
    await closed;
  });

  test('that was aborted before lets none begin', async () => {
    await using receiver = await startReceiver();
    await using sender = createSender();

    await expect(post(sender, receiver.url, AbortSignal.abort(new Error('stopped')))).rejects.toThrow('stopped');
    expect(receiver.connections()).toBe(0);
  });
});
