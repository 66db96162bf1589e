import { expect } from '@jest/globals';
import { eventually, isolate, testServers } from '@nask/testkit';
import { connectKafka } from '../src/connection.ts';
import {
  createParallelConsumer,
  type ParallelConsumer,
  type ParallelConsumerOptions,
} from '../src/consumer/parallel-consumer.ts';
import { silentLogger } from './silent-logger.ts';
import { TestLog } from './test-log.ts';

export type ConsumerOptions = Partial<ParallelConsumerOptions> & { topics: string[]; groupId: string };

/** Topics and consumers of one test file on the real broker. */
export function consumerHarness(name: string) {
  const { brokers } = testServers();
  const { topicPrefix, groupPrefix } = isolate(name);
  const log = new TestLog({ brokers, topicPrefix });
  const running: ParallelConsumer[] = [];
  let names = 0;
  const connect = () => connectKafka({ brokers, clientId: 'test', topicPrefix, logger: silentLogger });

  return {
    brokers,
    topicPrefix,
    log,
    connect,
    nextName: () => `topic-${(names += 1)}`,
    group: () => `${groupPrefix}${(names += 1)}`,

    /** @param records in each partition */
    async newTopic(partitions: number, records = 0): Promise<string> {
      const topic = `topic-${(names += 1)}`;
      await log.createTopic(topic, partitions);
      for (let partition = 0; records > 0 && partition < partitions; partition += 1)
        await log.append(topic, partition, numbered(0, records));
      return topic;
    },

    /** A member of its own: own connection, joined when this resolves. */
    async consume(options: ConsumerOptions): Promise<ParallelConsumer> {
      const consumer = createParallelConsumer({
        connection: connect(),
        logger: silentLogger,
        sessionTimeoutMs: 6_000,
        heartbeatIntervalMs: 200,
        commitIntervalMs: 20,
        ...options,
      } as ParallelConsumerOptions);
      running.push(consumer);
      await consumer.start();
      await eventually(() => expect(consumer.health()).toEqual({ ready: true, live: true }));
      return consumer;
    },

    async stopConsumers(): Promise<void> {
      await Promise.all(running.splice(0).map((consumer) => consumer.stop({ drainTimeoutMs: 0 })));
    },
  };
}

export function numbered(from: number, count: number): { key: string; value: string }[] {
  return Array.from({ length: count }, (_, index) => ({ key: `k${from + index}`, value: `${from + index}` }));
}

export const ascending = (a: number, b: number) => a - b;

/** Work that ends by itself, or with an error when its signal fires. */
export function workFor(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, ms);
    signal?.addEventListener('abort', () => {
      clearTimeout(timer);
      reject(signal.reason as Error);
    });
  });
}
