import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';

/** One request that arrived, read to its end. */
export interface ReceivedRequest {
  readonly method: string;
  /** Path and query. */
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
  /** The body parsed; undefined when it is not JSON. */
  readonly json: unknown;
  readonly receivedAtMs: number;
}

/** What the receiver answers; 200 at once when nothing is said. */
interface Response {
  readonly status?: number;
  readonly headers?: Record<string, string>;
  readonly body?: string;
  readonly delayMs?: number;
  /** Breaks the connection off instead of answering. */
  readonly hangUp?: boolean;
}

/** @param nth how many requests came before this one */
type Responder = (request: ReceivedRequest, nth: number) => Response | Promise<Response>;

export interface WebhookReceiver {
  /** 'http://127.0.0.1:PORT/': any path under it is received. */
  readonly url: string;
  /** All that arrived so far, in order of arrival. */
  readonly requests: readonly ReceivedRequest[];
  respondWith(responder: Responder): void;
  /** The first request, past or to come, that fits. @throws after timeoutMs, saying what did arrive */
  waitFor(fits: (request: ReceivedRequest) => boolean, options?: { timeoutMs?: number }): Promise<ReceivedRequest>;
  /** Resolved once that many requests have arrived. */
  waitForCount(count: number, options?: { timeoutMs?: number }): Promise<readonly ReceivedRequest[]>;
  close(): Promise<void>;
}

const maxBodyBytes = 2 * 1024 * 1024;
const maxRequests = 100_000;

/** A real HTTP server on a free loopback port that records what it is sent. */
export async function webhookReceiver(responder: Responder = () => ({})): Promise<WebhookReceiver> {
  const requests: ReceivedRequest[] = [];
  const watchers = new Set<() => void>();
  let respond = responder;

  async function receive(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    const request = await readRequest(incoming);
    if (requests.length >= maxRequests) throw new Error(`a test's receiver takes ${maxRequests} requests`);
    const nth = requests.push(request) - 1;
    for (const watcher of watchers) watcher();
    const { status = 200, headers = {}, body = '', delayMs = 0, hangUp = false } = await respond(request, nth);
    if (delayMs > 0) await delay(delayMs);
    if (hangUp) incoming.socket.destroy();
    else outgoing.writeHead(status, headers).end(body);
  }

  const server = createServer((incoming, outgoing) => {
    receive(incoming, outgoing).catch(() => incoming.socket.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;

  function until<T>(read: () => T | undefined, wanted: string, timeoutMs = 30_000): Promise<T> {
    return new Promise((resolve, reject) => {
      const finish = () => {
        clearTimeout(timer);
        watchers.delete(check);
      };
      const check = () => {
        const result = read();
        if (result === undefined) return;
        finish();
        resolve(result);
      };
      const timer = setTimeout(() => {
        finish();
        const arrived = requests
          .slice(-10)
          .map(({ method, path, body }) => `  ${method} ${path} ${body.slice(0, 200)}`);
        reject(new Error(`no ${wanted} within ${timeoutMs / 1000} s; of ${requests.length}:\n${arrived.join('\n')}`));
      }, timeoutMs);
      watchers.add(check);
      check();
    });
  }

  return {
    url: `http://127.0.0.1:${port}/`,
    requests,
    respondWith: (responder) => {
      respond = responder;
    },
    waitFor: (fits, { timeoutMs } = {}) => until(() => requests.find(fits), 'such request', timeoutMs),
    waitForCount: (count, { timeoutMs } = {}) =>
      until(() => (requests.length >= count ? requests : undefined), `${count} requests`, timeoutMs),
    close: () => {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}

async function readRequest(incoming: IncomingMessage): Promise<ReceivedRequest> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of incoming as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > maxBodyBytes) throw new Error('the body is too large');
    chunks.push(chunk);
  }
  const body = Buffer.concat(chunks).toString('utf8');
  const { method = '', url: path = '', headers } = incoming;
  return { method, path, headers, body, json: parseJson(body), receivedAtMs: Date.now() };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
