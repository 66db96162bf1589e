import { EventEmitter, once } from 'node:events';
import { createRequire } from 'node:module';
import { connect, createServer, type AddressInfo, type NetConnectOpts, type Socket } from 'node:net';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { describe, expect, jest, test } from '@jest/globals';

/** What patches/kafkajs+2.2.4.patch changes in kafkajs's retries and in its connections. */

const require = createRequire(import.meta.url);
const RequestQueue = require('kafkajs/src/network/requestQueue') as new (options: object) => RequestQueue;
const createSendMessages = require('kafkajs/src/producer/sendMessages') as (
  parts: object,
) => (batch: object) => Promise<unknown[]>;

const Encoder = require('kafkajs/src/protocol/encoder') as new () => object;

interface RequestQueue {
  push(request: object): void;
  fulfillRequest(response: object): void;
  checkPendingRequests(): void;
  maybeThrottle(delayMs: number): void;
  destroy(): void;
}

const logger = { debug() {}, info() {}, warn() {}, error() {} };

function requestQueue(): RequestQueue {
  const options = {
    maxInFlightRequests: 1,
    requestTimeout: 1000,
    enforceRequestTimeout: false,
    clientId: 'c',
    broker: 'b',
  };
  return new RequestQueue({ ...options, logger });
}

function request(correlationId: number) {
  const entry = { correlationId, apiKey: 0, apiName: 'x', apiVersion: 0, resolve() {}, reject() {} };
  return { entry, expectResponse: true, sendRequest() {} };
}

describe('the request queue, patched', () => {
  test('arms no timer when nothing is pending', () => {
    const queue = requestQueue();
    const arm = jest.spyOn(globalThis, 'setTimeout');
    try {
      queue.push(request(1));
      queue.fulfillRequest({ correlationId: 1, payload: null, size: 0 });
      queue.checkPendingRequests();
      expect(arm).not.toHaveBeenCalled();
    } finally {
      arm.mockRestore();
    }
  });

  test('checks again while something is pending, in a time that is not negative', () => {
    const queue = requestQueue();
    const arm = jest.spyOn(globalThis, 'setTimeout');
    try {
      queue.push(request(1));
      queue.push(request(2));
      expect(arm.mock.calls.map(([, delayMs]) => delayMs)).toEqual([10]);
    } finally {
      arm.mockRestore();
      queue.destroy();
    }
  });

  test('a request that waits for a throttle to end is sent when it has', async () => {
    const queue = requestQueue();
    const sent = new EventEmitter();
    queue.maybeThrottle(20);
    queue.push({ ...request(3), sendRequest: () => sent.emit('sent') });
    await once(sent, 'sent');
    queue.destroy();
  });
});

describe("a producer's retry, patched", () => {
  test('waits for the brokers that have not answered, and does not send to them again', async () => {
    const produced: number[] = [];
    const slowAnswer = Promise.withResolvers<object>();
    const answer = (partition: number) => ({
      topics: [{ topicName: 't', partitions: [{ partition, baseOffset: '0' }] }],
    });
    const brokers = [0, 1].map((nodeId) => ({
      nodeId,
      async produce() {
        produced.push(nodeId);
        if (nodeId === 1) return slowAnswer.promise;
        if (produced.filter((id) => id === 0).length === 1)
          throw Object.assign(new Error('not now'), { retriable: true });
        return answer(0);
      },
    }));
    const partitionMetadata = brokers.map(({ nodeId }) => ({ partitionId: nodeId, leader: nodeId }));
    const send = createSendMessages({
      logger,
      cluster: {
        addMultipleTargetTopics: async () => {},
        refreshMetadataIfNecessary: async () => {},
        isConnected: () => true,
        findTopicPartitionMetadata: () => partitionMetadata,
        findLeaderForPartitions: () => ({ 0: [0], 1: [1] }),
        findBroker: async ({ nodeId }: { nodeId: string }) => brokers[Number(nodeId)],
      },
      partitioner: ({ message }: { message: { partition: number } }) => message.partition,
      eosManager: {
        acquireBrokerLock: async () => {},
        releaseBrokerLock: async () => {},
        isTransactional: () => false,
        getSequence: () => 0,
        updateSequence() {},
        getProducerId: () => 1,
        getProducerEpoch: () => 0,
      },
      retrier: retryAtOnce,
    });

    const sending = send({ acks: -1, topicMessages: [{ topic: 't', messages: [{ partition: 0 }, { partition: 1 }] }] });
    await nextTurn();
    slowAnswer.resolve(answer(1));
    expect(await sending).toHaveLength(2);
    expect(produced.toSorted((a, b) => a - b)).toEqual([0, 0, 1]);
  });
});

async function retryAtOnce<T>(attempt: (bail: (error: Error) => void) => Promise<T>): Promise<T> {
  const bail = (error: Error) => {
    throw error;
  };
  try {
    return await attempt(bail);
  } catch {
    return attempt(bail);
  }
}

describe('a connection, patched', () => {
  const Connection = require('kafkajs/src/network/connection') as new (options: object) => Connection;
  interface Connection {
    connect(): Promise<unknown>;
    disconnect(): Promise<unknown>;
    isConnected(): boolean;
    send(protocol: object): Promise<unknown>;
  }
  const silentLogger = { ...logger, namespace: () => logger };
  const protocol = {
    request: { apiKey: 3, apiName: 'x', apiVersion: 0, encode: async () => new Encoder() },
    response: { decode: async (payload: Buffer) => payload, parse: async (payload: Buffer) => payload.toString() },
  };

  /** @param answer of the nth connection to each request, beginning with its size; none when it answers by itself */
  async function listen(answer: (nth: number, request: Buffer, socket: Socket) => Buffer | undefined) {
    const sockets: Socket[] = [];
    const server = createServer((socket) => {
      const nth = sockets.push(socket);
      socket
        .on('error', () => undefined)
        .on('data', (request) => {
          const bytes = answer(nth, request, socket);
          if (bytes !== undefined) socket.write(bytes);
        });
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const connection = new Connection({
      host: '127.0.0.1',
      port,
      clientId: 'c',
      logger: silentLogger,
      socketFactory: ({ onConnect, ...to }: NetConnectOpts & { onConnect: () => void }) => connect(to, onConnect),
      requestTimeout: 50,
      enforceRequestTimeout: true,
      connectionTimeout: 1_000,
    });
    const close = () => {
      for (const socket of sockets) socket.destroy();
      server.close();
    };
    return { connection, sockets, close };
  }

  const answerTo = (request: Buffer) => {
    const answer = Buffer.alloc(8);
    answer.writeInt32BE(4 + 2, 0);
    request.copy(answer, 4, 8, 12);
    return Buffer.concat([answer, Buffer.from('ok')]);
  };

  test.each([
    ['none', () => undefined],
    ['half of one', (request: Buffer) => answerTo(request).subarray(0, 7)],
  ])('is given up when an answer does not come (%s), and the next one is understood', async (_name, first) => {
    const { connection, sockets, close } = await listen((nth, request) =>
      nth === 1 ? first(request) : answerTo(request),
    );
    try {
      await connection.connect();
      await expect(connection.send(protocol)).rejects.toThrow('timed out');
      await once(sockets[0]!, 'close');
      expect(connection.isConnected()).toBe(false);
      await connection.connect();
      expect(await connection.send(protocol)).toBe('ok');
      expect(sockets).toHaveLength(2);
      await connection.disconnect();
    } finally {
      close();
    }
  });

  async function expectAnswer({ connection, close }: Awaited<ReturnType<typeof listen>>): Promise<void> {
    try {
      await connection.connect();
      expect(await connection.send(protocol)).toBe('ok');
      await connection.disconnect();
    } finally {
      close();
    }
  }

  test('waits for an answer that takes longer than the time-out to arrive, as long as bytes of it arrive', async () => {
    const listening = await listen((_nth, request, socket) => {
      const bytes = answerTo(request);
      let sent = 0;
      const timer = setInterval(() => {
        socket.write(bytes.subarray(sent, (sent += 1)));
        if (sent === bytes.length) clearInterval(timer);
      }, 30);
      return undefined;
    });
    await expectAnswer(listening);
  });

  test('takes an answer that arrived while the process did nothing for longer than the time-out', async () => {
    const listening = await listen((_nth, request, socket) => {
      // Written at once; read after the pause.
      socket.write(answerTo(request));
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 200);
      return undefined;
    });
    await expectAnswer(listening);
  });
});

describe('the connections to a broker, patched', () => {
  const ConnectionPool = require('kafkajs/src/network/connectionPool') as new (options: object) => {
    getConnectionByRequest(protocol: object): Promise<object>;
    pool: { isConnected(): boolean }[];
  };
  const apiKeys = require('kafkajs/src/protocol/requests/apiKeys') as Record<string, number>;

  test('a request that waits for members of a group does not delay commits, nor fetches', async () => {
    const pool = new ConnectionPool({ logger: { ...logger, namespace: () => logger } });
    for (const connection of pool.pool) connection.isConnected = () => true;
    const connectionOf = (apiName: string) => pool.getConnectionByRequest({ request: { apiKey: apiKeys[apiName] } });
    const waiting = await connectionOf('JoinGroup');
    expect(await connectionOf('SyncGroup')).toBe(waiting);
    for (const apiName of ['Fetch', 'OffsetCommit', 'Heartbeat', 'Metadata'])
      expect(await connectionOf(apiName)).not.toBe(waiting);
  });

  test('an assignment is waited for as long as a rebalance may take', () => {
    const { protocol } = require('kafkajs/src/protocol/requests/syncGroup') as {
      protocol: (options: { version: number }) => (request: object) => { requestTimeout: number };
    };
    const { requestTimeout } = protocol({ version: 3 })({ groupAssignment: [], rebalanceTimeout: 60_000 });
    expect(requestTimeout).toBeGreaterThanOrEqual(60_000);
  });
});

describe("a group's member, patched", () => {
  const ConsumerGroup = require('kafkajs/src/consumer/consumerGroup') as new (options: object) => {
    joinAndSync(): Promise<void>;
    memberId: string;
    generationId: number;
  };

  test('joins as the member that it is given, and joins again when its assignment does not arrive', async () => {
    const joined: unknown[] = [];
    const coordinator = {
      async joinGroup({ memberId }: { memberId: string }) {
        joined.push(memberId);
        return { generationId: 7, leaderId: 'other', memberId, members: [], groupProtocol: 'p' };
      },
      async syncGroup() {
        throw new Error('cut off');
      },
    };
    const group = new ConsumerGroup({
      cluster: { findGroupCoordinator: async () => coordinator, findTopicPartitionMetadata: () => [] },
      logger: { ...logger, namespace: () => logger },
      groupId: 'g',
      topics: ['t'],
      assigners: [],
      memberId: 'member-1',
    });
    await expect(group.joinAndSync()).rejects.toThrow('cut off');
    expect(joined).toEqual(['member-1']);
    // A heartbeat of no generation is refused, which makes kafkajs join again; one of generation 7 is not.
    expect([group.memberId, group.generationId]).toEqual(['member-1', -1]);
  });
});
