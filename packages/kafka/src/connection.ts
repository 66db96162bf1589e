import { connect, isIP, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { Kafka, logLevel, type ISocketFactoryArgs, type RetryOptions, type SASLOptions } from 'kafkajs';
import { kafkajsLogCreator, type Logger } from './logger.ts';

interface ConnectionOptions {
  /** `host:port` of one or more brokers; the others are found through them. */
  brokers: readonly string[];
  /** How the broker's logs and quotas name this process. */
  clientId: string;
  /** Put before every topic name at this edge, so that several systems can share a cluster. Default: none. */
  topicPrefix?: string;
  /** Encrypt, and check the brokers' certificates: with these authorities (PEM; Node's own unless given); show this one. */
  tls?: { readonly ca?: string; readonly cert?: string; readonly key?: string };
  /** Who we are. Without: nobody, or who the certificate says. */
  sasl?: {
    readonly mechanism: 'plain' | 'scram-sha-256' | 'scram-sha-512';
    readonly username: string;
    readonly password: string;
  };
  logger: Logger;
  /** How long a TCP connection may take to open. */
  connectionTimeoutMs?: number;
  /** How long a broker may take to answer a request. */
  requestTimeoutMs?: number;
}

/** Where Kafka is and how to talk to it. Opens nothing by itself: each producer, consumer and look-up connects on its own. */
export interface KafkaConnection {
  readonly brokers: readonly string[];
  readonly clientId: string;
  readonly topicPrefix: string;
}

const optionsOf = new WeakMap<KafkaConnection, ConnectionOptions>();
const kafkas = new WeakMap<KafkaConnection, Kafka>();
const socketsOf = new WeakMap<KafkaConnection, SilentSockets>();

export function connectKafka(options: ConnectionOptions): KafkaConnection {
  const { brokers, clientId, topicPrefix = '' } = options;
  const connection: KafkaConnection = { brokers: [...brokers], clientId, topicPrefix };
  optionsOf.set(connection, options);
  socketsOf.set(connection, new SilentSockets());
  return connection;
}

/** The cluster's name of a topic of the catalogue. */
export function topicName(connection: KafkaConnection, logical: string): string {
  return connection.topicPrefix + logical;
}

/** The catalogue's name of a topic of the cluster. Throws when the topic is not one of ours: it has another prefix. */
export function logicalName(connection: KafkaConnection, real: string): string {
  if (!real.startsWith(connection.topicPrefix))
    throw new Error(`Topic ${real} does not begin with this connection's prefix ${connection.topicPrefix}`);
  return real.slice(connection.topicPrefix.length);
}

/** kafkajs's client of a connection, for use inside this package. The same one each time. */
export function kafkaOf(connection: KafkaConnection): Kafka {
  const kafka = kafkas.get(connection) ?? createKafka(connection, connection.brokers);
  kafkas.set(connection, kafka);
  return kafka;
}

/** A kafkajs client of its own that can be given up at once, whatever it is waiting for. */
interface AbandonableKafka {
  readonly kafka: Kafka;
  /**
   * Closes every socket and lets none be opened again: what is in flight fails, what kafkajs would retry ends, and
   * nothing of this client reaches a broker afterwards but what is already on the wire. `disconnect()` promises none
   * of this: it waits for the answers of a broker that hangs, and a retry that is under way connects again.
   */
  abandon(): void;
}

interface AbandonableOptions {
  retry?: RetryOptions;
  requestTimeoutMs?: number;
  /** kafkajs's own log lines become debug lines: for a caller that retries for ever and says itself what is wrong. */
  quiet?: boolean;
}

export function abandonableKafka(connection: KafkaConnection, options: AbandonableOptions = {}): AbandonableKafka {
  const sockets = new Set<Socket>();
  let abandoned = false;

  // To kafkajs no broker at all is the one connection error that is not worth a retry.
  const brokers = () => (abandoned ? [] : [...connection.brokers]);

  const socketFactory = (args: ISocketFactoryArgs): Socket => {
    if (abandoned) throw new Error('this client was abandoned');
    const socket = openSocket(args);
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
    return socket;
  };

  return {
    kafka: createKafka(connection, brokers, { ...options, socketFactory }),
    abandon() {
      abandoned = true;
      for (const socket of sockets) socket.destroy(new Error('this client was abandoned'));
    },
  };
}

function createKafka(
  connection: KafkaConnection,
  brokers: readonly string[] | (() => string[]),
  {
    retry,
    requestTimeoutMs,
    quiet = false,
    socketFactory = openSocket,
  }: AbandonableOptions & { socketFactory?: typeof openSocket } = {},
): Kafka {
  const options = optionsOf.get(connection);
  if (options === undefined) throw new Error('A KafkaConnection is made by connectKafka');
  return new Kafka({
    brokers: typeof brokers === 'function' ? brokers : [...brokers],
    clientId: options.clientId,
    connectionTimeout: options.connectionTimeoutMs ?? 3000,
    requestTimeout: requestTimeoutMs ?? options.requestTimeoutMs ?? 30_000,
    retry,
    ssl: options.tls,
    sasl: saslOf(options.sasl),
    socketFactory: (args) => {
      const socket = socketFactory(args);
      socketsOf.get(connection)!.add(socket, `${args.host}:${args.port}`);
      return socket;
    },
    logLevel: logLevel.INFO,
    logCreator: kafkajsLogCreator(options.logger, quiet),
  });
}

const keepAliveDelayMs = 60_000;

/**
 * kafkajs's own socket factory leaves Nagle's algorithm on: the last packet of a request then waits for the broker to
 * acknowledge the others, which a broker that waits for the whole request does late.
 */
function openSocket({ host, port, ssl, onConnect }: ISocketFactoryArgs): Socket {
  const options = { host, port, noDelay: true, keepAlive: true, keepAliveInitialDelay: keepAliveDelayMs };
  // kafkajs passes null where its type says undefined.
  if (!ssl) return connect(options, onConnect);
  // A server name is for names: TLS has none for addresses.
  const servername = isIP(host) === 0 ? host : undefined;
  return connectTls({ ...options, servername, ...ssl }, onConnect);
}

/** kafkajs has a type for each mechanism. */
function saslOf(sasl: ConnectionOptions['sasl']): SASLOptions | undefined {
  if (sasl === undefined) return undefined;
  const { mechanism, username, password } = sasl;
  if (mechanism === 'plain') return { mechanism, username, password };
  return mechanism === 'scram-sha-256' ? { mechanism, username, password } : { mechanism, username, password };
}

/**
 * The sockets of a process, by broker. When a broker leaves a request on one of them unanswered, the others on which nothing
 * was received since the request was sent are closed as well: else each of them would be found out by a request and a
 * time-out of its own, one after the other.
 */
export class SilentSockets {
  readonly #sockets = new Map<Socket, { broker: string; heardAtMs: number }>();

  add(socket: Socket, broker: string): void {
    const state = { broker, heardAtMs: Date.now() };
    this.#sockets.set(socket, state);
    socket.on('data', () => {
      state.heardAtMs = Date.now();
    });
    // Set by our patch of kafkajs.
    socket.on('error', ({ unansweredSince }: Error & { unansweredSince?: number }) => {
      if (unansweredSince !== undefined) this.#close(broker, unansweredSince);
    });
    socket.once('close', () => this.#sockets.delete(socket));
  }

  #close(broker: string, sinceMs: number): void {
    for (const [socket, state] of this.#sockets)
      if (state.broker === broker && state.heardAtMs < sinceMs)
        socket.destroy(new Error(`${broker} left a request on another connection unanswered`));
  }
}
