import { once } from 'node:events';
import { Agent, get, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterEach, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { createHttpServer, Slots, type HttpServer, type HttpServerOptions } from './http-server.ts';

const hello: RequestListener = (_, response) => response.end('hello');
const loopback = { name: 'server', host: '127.0.0.1', port: 0, listener: hello };
const aMinute = { graceMs: 60_000 };

let cleanUps: (() => unknown)[] = [];
afterEach(async () => {
  await Promise.all(cleanUps.map((cleanUp) => cleanUp()));
  cleanUps = [];
});

async function started(options: Partial<HttpServerOptions> = {}): Promise<HttpServer> {
  const server = createHttpServer({ ...loopback, ...options });
  await server.start();
  cleanUps.push(() => server.stop({ graceMs: 0 }).catch(() => {}));
  return server;
}

function keepAliveAgent(): Agent {
  const agent = new Agent({ keepAlive: true });
  cleanUps.push(() => agent.destroy());
  return agent;
}

async function request(server: HttpServer, agent: Agent): Promise<IncomingMessage> {
  const [response] = (await once(get(server.address(), { agent }), 'response')) as [IncomingMessage];
  return response;
}

/** A listener that holds its requests until the test answers them. */
function holdingListener() {
  const arrived = Promise.withResolvers<ServerResponse>();
  return { arrived: arrived.promise, listener: ((_, response) => arrived.resolve(response)) satisfies RequestListener };
}

describe('http server', () => {
  test('listens on a free port and says where', async () => {
    const server = await started();
    expect(server.port).toBeGreaterThan(0);
    expect(server.address()).toBe(`http://127.0.0.1:${server.port}`);
    expect(await (await fetch(server.address())).text()).toBe('hello');
  });

  test('has no address before its start', () => {
    expect(() => createHttpServer(loopback).port).toThrow('server is not listening');
  });

  test('a port in use is a clear error', async () => {
    const { port } = await started();
    await expect(createHttpServer({ ...loopback, port }).start()).rejects.toMatchObject({
      code: 'ADDRESS_IN_USE',
      message: `cannot listen on 127.0.0.1:${port}: the port is in use`,
    });
  });

  test('an address that is not this machine’s is a clear error', async () => {
    await expect(createHttpServer({ ...loopback, host: '192.0.2.1' }).start()).rejects.toMatchObject({
      code: 'CANNOT_LISTEN',
      message: expect.stringContaining('192.0.2.1:0'),
    });
  });

  test('stop does not wait for idle connections that are kept alive', async () => {
    const server = await started({ keepAliveTimeoutMs: 3_600_000 });
    await text(await request(server, keepAliveAgent()));
    await server.stop(aMinute);
    await expect(fetch(`http://127.0.0.1:${loopback.port}`)).rejects.toThrow('fetch failed');
  });

  test('stop answers the requests it has, then closes their kept-alive connections', async () => {
    const { arrived, listener } = holdingListener();
    const server = await started({ listener, keepAliveTimeoutMs: 3_600_000 });
    const answer = request(server, keepAliveAgent());
    const response = await arrived;
    const stopped = server.stop(aMinute);
    response.end('late');
    expect((await answer).headers.connection).toBe('close');
    expect(await text(await answer)).toBe('late');
    await stopped;
  });

  test('stop lets a slow reader have the rest of an answer that is ended and not yet sent', async () => {
    const body = 'x'.repeat(30 * 1024 * 1024);
    const server = await started({ listener: (_, response) => response.end(body) });
    const response = await request(server, keepAliveAgent());
    const stopped = server.stop(aMinute);
    expect((await text(response)).length).toBe(body.length);
    await stopped;
  });

  test('stop cuts off, and counts, requests that are not answered in time', async () => {
    const { arrived, listener } = holdingListener();
    const server = await started({ listener });
    const answer = request(server, keepAliveAgent());
    await arrived;
    await Promise.all([
      expect(server.stop({ graceMs: 1 })).rejects.toMatchObject({
        code: 'REQUESTS_CUT_OFF',
        message: '1 requests were cut off',
      }),
      expect(answer).rejects.toThrow('socket hang up'),
    ]);
  });

  test('stop is not held up by a client that never finishes its request', async () => {
    const server = await started({ drainTimeoutMs: 1 });
    const socket = connect(server.port, '127.0.0.1');
    cleanUps.push(() => socket.destroy());
    await once(socket, 'connect');
    socket.write('GET / HTTP/1.1\r\nHost:');
    const ended = once(socket, 'close');
    await text(await request(server, keepAliveAgent()));
    await expect(server.stop(aMinute)).resolves.toBeUndefined();
    await ended;
  });

  test('what is no request can be answered by the service', async () => {
    const server = await started({
      onClientError: ({ code }, socket) => socket.end(`HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n${code}`),
    });
    const socket = connect(server.port, '127.0.0.1');
    socket.write('nonsense\r\n\r\n');
    expect(await text(socket)).toContain('HPE_INVALID_METHOD');
  });

  test('a request that does not arrive in time is refused', async () => {
    const server = await started({ headersTimeoutMs: 50, requestTimeoutMs: 50 });
    const socket = connect(server.port, '127.0.0.1');
    socket.write('GET / HTTP/1.1\r\n');
    expect(await text(socket)).toContain('408 Request Timeout');
  });

  test('start and stop are safe to repeat and to overlap', async () => {
    const server = createHttpServer(loopback);
    await Promise.all([server.start(), server.start(), server.stop(aMinute), server.stop(aMinute)]);
    await server.stop(aMinute);
    expect(() => server.port).toThrow('not listening');
    await createHttpServer(loopback).stop(aMinute);
  });
});

describe('the write time-out', () => {
  test('cuts off a client that reads nothing of its answer', async () => {
    const closed = Promise.withResolvers<boolean>();
    const large = Buffer.alloc(50_000_000);
    const server = await started({
      writeTimeoutMs: 30,
      listener: (_, response) => {
        response.once('close', () => closed.resolve(response.writableFinished));
        response.end(large);
      },
    });
    const socket = connect(server.port, '127.0.0.1').pause();
    cleanUps.push(() => socket.destroy());
    socket.on('error', () => {});
    socket.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
    expect(await closed.promise).toBe(false);
  });

  test('leaves alone an answer that takes longer to be made, and one that is read', async () => {
    const server = await started({
      writeTimeoutMs: 300,
      listener: (_, response) => void setTimeout(() => response.end(Buffer.alloc(5_000_000)), 600),
    });
    const response = await request(server, keepAliveAgent());
    expect((await text(response)).length).toBe(5_000_000);
  });

  test('closes connections that stay idle beyond the keep-alive time-out all the same', async () => {
    const server = await started({ writeTimeoutMs: 60_000, keepAliveTimeoutMs: 10 });
    const socket = connect(server.port, '127.0.0.1');
    cleanUps.push(() => socket.destroy());
    socket.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
    socket.resume();
    await once(socket, 'close');
  });
});

test('slots have what was added and not removed, and take no more room than there was at once', () => {
  const steps = fc.array(fc.oneof(fc.constant('add' as const), fc.nat()), { maxLength: 100 });
  fc.assert(
    fc.property(steps, (steps) => {
      const slots = new Slots<object>();
      const present = new Map<number, object>();
      let most = 0;
      for (const step of steps) {
        if (step === 'add') {
          const item = {};
          const slot = slots.add(item);
          expect(present.has(slot)).toBe(false);
          present.set(slot, item);
          most = Math.max(most, present.size);
          expect(slot).toBeLessThan(most);
        } else if (present.size > 0) {
          const slot = [...present.keys()][step % present.size]!;
          slots.remove(slot);
          present.delete(slot);
        }
        expect(slots.size).toBe(present.size);
        expect(new Set(slots.all())).toEqual(new Set(present.values()));
        expect(slots.all()).toHaveLength(present.size);
      }
    }),
  );
});
