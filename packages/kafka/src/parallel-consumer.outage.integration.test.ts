import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { eventually, startOwnKafka, type OwnServer } from '@nask/testkit';
import { silentLogger } from '../testing/silent-logger.ts';
import { TestLog } from '../testing/test-log.ts';
import { connectKafka } from './connection.ts';
import { createParallelConsumer, type ParallelConsumer } from './parallel-consumer.ts';

const topic = 'work';
const groupId = 'workers';
let kafka: OwnServer;
let log: TestLog;
let consumer: ParallelConsumer;

beforeAll(async () => {
  kafka = await startOwnKafka();
  log = new TestLog({ brokers: [kafka.address], topicPrefix: '' });
  await log.open();
  await log.createTopic(topic, 2);
}, 60_000);

afterAll(async () => {
  await consumer?.stop({ drainTimeoutMs: 0 });
  await log?.close();
  await kafka?.close();
}, 60_000);

function numbered(count: number): { value: string }[] {
  return Array.from({ length: count }, (_, index) => ({ value: `${index}` }));
}

describe('parallel consumer, when its broker goes away', () => {
  test('what runs goes on through it, the consumer comes back by itself, and every record ends once', async () => {
    const times = new Map<string, number>();
    const outageOver = Promise.withResolvers<void>();
    await Promise.all([0, 1].map((partition) => log.append(topic, partition, numbered(50))));
    consumer = createParallelConsumer({
      connection: connectKafka({ brokers: [kafka.address], clientId: 'test', logger: silentLogger }),
      groupId,
      topics: [topic],
      logger: silentLogger,
      // Longer than the test waits: the consumer must not have to wait for its own former member.
      sessionTimeoutMs: 120_000,
      handler: async ({ partition, offset }) => {
        if (offset === 7) await outageOver.promise;
        const id = `${partition}/${offset}`;
        times.set(id, (times.get(id) ?? 0) + 1);
      },
    });
    await consumer.start();
    await eventually(() => expect(times.size).toBe(98));

    await kafka.kill();
    // kafkajs tries for some seconds before it gives up: then its consumer is replaced.
    await eventually(() => expect(consumer.health()).toMatchObject({ ready: false, live: true }), {
      timeoutMs: 60_000,
    });
    await kafka.start();
    await eventually(() => expect(consumer.health()).toEqual({ ready: true, live: true }), { timeoutMs: 60_000 });
    outageOver.resolve();
    await Promise.all([0, 1].map((partition) => log.append(topic, partition, numbered(50))));

    await eventually(() => expect(times.size).toBe(200));
    expect([...times].filter(([, count]) => count !== 1)).toEqual([]);
    await eventually(async () => {
      const committed = await log.committed(groupId, topic);
      expect([...committed.values()].map(({ offset }) => offset)).toEqual([100, 100]);
    });
  }, 180_000);
});
