import { once } from 'node:events';
import { createServer, type RequestListener, type ServerResponse } from 'node:http';
import { Server as NetServer, type AddressInfo, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { settledWithin, type Component } from '../lifecycle/lifecycle.ts';

/** The server's address cannot be listened on. */
class ListenError extends Error {
  readonly code: 'ADDRESS_IN_USE' | 'CANNOT_LISTEN';

  constructor(address: string, cause: NodeJS.ErrnoException) {
    const isInUse = cause.code === 'EADDRINUSE';
    super(`cannot listen on ${address}: ${isInUse ? 'the port is in use' : cause.message}`);
    this.name = 'ListenError';
    this.code = isInUse ? 'ADDRESS_IN_USE' : 'CANNOT_LISTEN';
  }
}

/** The server was closed before all requests had been answered. */
class RequestsCutOffError extends Error {
  readonly code = 'REQUESTS_CUT_OFF';

  constructor(requests: number) {
    super(`${requests} requests were cut off`);
    this.name = 'RequestsCutOffError';
  }
}

export interface HttpServer extends Component {
  start(): Promise<void>;
  stop(options: { graceMs: number }): Promise<void>;
  /** The port in use, also when 0 was asked for. @throws Error before start. */
  readonly port: number;
  /** Where the server listens: `http://127.0.0.1:8000`. @throws Error before start. */
  address(): string;
}

export interface HttpServerOptions {
  name: string;
  host: string;
  /** 0: any free port. */
  port: number;
  /** Answers every request, also one of HTTP/1.1 without a Host header. */
  listener: RequestListener;
  /** A stop waits this long for the requests that are being answered, and no longer than its grace. */
  drainTimeoutMs?: number;
  /** Connections beyond it are closed at once. */
  maxConnections?: number;
  /** A request that has not arrived whole by then is answered with 408. */
  requestTimeoutMs?: number;
  /** The same for a request's headers alone; never above requestTimeoutMs. */
  headersTimeoutMs?: number;
  keepAliveTimeoutMs?: number;
  /** A client that reads nothing for so long, of an answer that is on its way, is cut off. Default: never. */
  writeTimeoutMs?: number;
  /**
   * Answers what is no request (malformed, headers too large, too slow), by writing a whole response to the socket and
   * ending it. Node's own answer, without a body, unless given.
   */
  onClientError?: (error: NodeJS.ErrnoException, socket: Duplex) => void;
}

/**
 * An HTTP server that drains: on stop it accepts no connection, answers the requests it has, and closes each
 * connection when it falls idle.
 */
export function createHttpServer(options: HttpServerOptions): HttpServer {
  const { name, host, port, listener, drainTimeoutMs = 10_000, maxConnections = 10_000 } = options;
  const { requestTimeoutMs = 30_000, headersTimeoutMs = requestTimeoutMs, keepAliveTimeoutMs = 5_000 } = options;
  const server = createServer({
    requestTimeout: requestTimeoutMs,
    keepAliveTimeout: keepAliveTimeoutMs,
    headersTimeout: Math.min(headersTimeoutMs, requestTimeoutMs),
    // The listener answers better than Node, which would without a body.
    requireHostHeader: false,
    // How often Node looks for requests that are too slow.
    connectionsCheckingInterval: Math.min(headersTimeoutMs, requestTimeoutMs, 5_000),
  });
  server.maxConnections = maxConnections;
  const unanswered = new Slots<ServerResponse>();
  let starting: Promise<void> | undefined;
  let stopping: Promise<void> | undefined;

  // An expectation that is not known may be ignored (RFC 9110, section 10.1.1); Node would answer 417 without a body.
  server.on('checkExpectation', (request, response) => server.emit('request', request, response));
  // The time-out is one of sockets on which nothing moves, in either direction.
  if (options.writeTimeoutMs !== undefined)
    server.setTimeout(options.writeTimeoutMs, (socket) => {
      if (socket.writableLength > 0 || !isAnswering(socket)) socket.destroy();
    });

  /** Whether the answer to a request on it is being made: that may take as long as it takes. */
  function isAnswering(socket: Socket): boolean {
    return unanswered.all().some((response) => response.socket === socket);
  }

  if (options.onClientError) server.on('clientError', options.onClientError);
  server.on('request', (request, response) => {
    const slot = unanswered.add(response);
    if (stopping) closeConnectionAfter(response);
    response.once('close', () => {
      unanswered.remove(slot);
      // The connection counts as idle only after this event.
      if (stopping) setImmediate(closeIdleConnections);
    });
    listener(request, response);
  });

  /** Node counts a connection as idle once its answer is ended, sent or not: so only while none is on its way. */
  function closeIdleConnections(): void {
    if (unanswered.size === 0) server.closeIdleConnections();
  }

  function boundAddress(): AddressInfo {
    const address = server.address();
    if (address === null || typeof address === 'string') throw new Error(`${name} is not listening`);
    return address;
  }

  async function listen(): Promise<void> {
    server.listen({ host, port });
    try {
      await once(server, 'listening');
    } catch (error) {
      throw new ListenError(`${host}:${port}`, error as NodeJS.ErrnoException);
    }
  }

  async function drain(graceMs: number): Promise<void> {
    unanswered.all().forEach(closeConnectionAfter);
    // Without this, a stop during the start would leave the server open.
    await starting?.catch(() => {});
    if (!server.listening) return;
    const closed = new Promise<void>((resolve) => {
      // Only stops accepting: HTTP's own close would end the connections that Node counts as idle.
      NetServer.prototype.close.call(server, () => resolve());
    });
    closeIdleConnections();
    if ((await settledWithin(closed, Math.min(graceMs, drainTimeoutMs))) === 'settled') return;
    const cutOff = unanswered.size;
    server.closeAllConnections();
    await closed;
    if (cutOff > 0) throw new RequestsCutOffError(cutOff);
  }

  return {
    name,
    start: () => (starting ??= listen()),
    stop: ({ graceMs }) => (stopping ??= drain(graceMs)),
    get port() {
      return boundAddress().port;
    },
    address() {
      const { address, family, port } = boundAddress();
      return `http://${family === 'IPv6' ? `[${address}]` : address}:${port}`;
    },
  };
}

function closeConnectionAfter(response: ServerResponse): void {
  if (!response.headersSent) response.setHeader('connection', 'close');
}

/**
 * What is under way, for things that come and go with every request: a Set that grows and shrinks for ever would keep
 * them alive after their end (docs/decisions/0046).
 */
export class Slots<T extends object> {
  readonly #slots: (T | undefined)[] = [];
  readonly #free: number[] = [];

  /** How many there are. */
  get size(): number {
    return this.#slots.length - this.#free.length;
  }

  /** @returns the slot, to remove it by, once */
  add(item: T): number {
    const slot = this.#free.pop() ?? this.#slots.length;
    this.#slots[slot] = item;
    return slot;
  }

  remove(slot: number): void {
    this.#slots[slot] = undefined;
    this.#free.push(slot);
  }

  /** In no order. */
  all(): T[] {
    return this.#slots.filter((item) => item !== undefined);
  }
}
