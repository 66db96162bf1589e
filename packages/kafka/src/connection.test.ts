import { once } from 'node:events';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { abandonableKafka, connectKafka, kafkaOf, logicalName, topicName } from './connection.ts';
import { silentLogger } from '../testing/silent-logger.ts';

const options = { brokers: ['127.0.0.1:1'], clientId: 'test', logger: silentLogger };

describe('a connection', () => {
  test('adds its prefix to topics on the way out and takes it off on the way in', () => {
    const connection = connectKafka({ ...options, topicPrefix: 'mine.' });
    expect(topicName(connection, 'tasks')).toBe('mine.tasks');
    expect(logicalName(connection, 'mine.tasks')).toBe('tasks');
    expect(() => logicalName(connection, 'other.tasks')).toThrow('mine.');
  });

  test('has one kafkajs client', () => {
    const connection = connectKafka(options);
    expect(kafkaOf(connection)).toBe(kafkaOf(connection));
  });
});

describe('a client that is abandoned', () => {
  /** Takes connections and never says a word, as a broker that hangs. */
  let silent: Server;
  let sockets: Socket[];

  beforeEach(async () => {
    sockets = [];
    silent = createServer((socket) => sockets.push(socket.on('error', () => {}))).listen(0, '127.0.0.1');
    await once(silent, 'listening');
  });

  afterEach(() => {
    for (const socket of sockets) socket.destroy();
    silent.close();
  });

  function client() {
    const brokers = [`127.0.0.1:${(silent.address() as AddressInfo).port}`];
    const retry = { retries: Number.MAX_SAFE_INTEGER, initialRetryTime: 1, maxRetryTime: 1 };
    return abandonableKafka(connectKafka({ ...options, brokers }), { retry, quiet: true });
  }

  test('gives up what it waits for, though it would retry for ever, and closes its sockets', async () => {
    const { kafka, abandon } = client();
    const gaveUp = expect(kafka.admin().connect()).rejects.toThrow('brokers');
    const [socket] = (await once(silent, 'connection')) as [Socket];
    const closed = once(socket.resume(), 'close');
    abandon();
    await Promise.all([gaveUp, closed]);
    expect(sockets).toHaveLength(1);
  });

  test('opens no other', async () => {
    const { kafka, abandon } = client();
    abandon();
    await expect(kafka.producer().connect()).rejects.toThrow('brokers');
    expect(sockets).toEqual([]);
  });
});
