import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { eventually, isolate, testServers } from '@nask/testkit';
import { silentLogger } from '../../testing/silent-logger.ts';
import { TestLog } from '../../testing/test-log.ts';
import { connectKafka } from '../connection.ts';
import { createParallelConsumer, type ParallelConsumer, type ParallelConsumerOptions } from './parallel-consumer.ts';
import type { ConsumedRecord } from '../record.ts';

const { brokers } = testServers();
const { topicPrefix, groupPrefix } = isolate('not-before');
const log = new TestLog({ brokers, topicPrefix });
const running: ParallelConsumer[] = [];

beforeAll(() => log.open());
afterEach(async () => {
  await Promise.all(running.splice(0).map((consumer) => consumer.stop({ drainTimeoutMs: 0 })));
});
afterAll(() => log.close());

async function consume(
  options: Pick<ParallelConsumerOptions, 'topics' | 'groupId'> & Partial<ParallelConsumerOptions>,
) {
  const consumer = createParallelConsumer({
    connection: connectKafka({ brokers, clientId: 'test', topicPrefix, logger: silentLogger }),
    logger: silentLogger,
    notBefore: ({ value }: ConsumedRecord) => Number(value),
    commitIntervalMs: 20,
    ...options,
  } as ParallelConsumerOptions);
  running.push(consumer);
  await consumer.start();
  return consumer;
}

const due = (...times: number[]) => times.map((atMs) => ({ value: String(atMs) }));

describe('records that are due at a time', () => {
  test('are handled then, never before, and hold up neither another partition nor another topic', async () => {
    await log.createTopic('short', 2);
    await log.createTopic('long', 2);
    const startMs = Date.now();
    await log.append('long', 0, due(startMs + 3_600_000, startMs));
    await log.append('short', 0, due(startMs + 3_600_000));
    await log.append('short', 1, due(startMs + 1_500, startMs + 1_600));
    const handled: { of: string; dueMs: number; atMs: number }[] = [];
    const consumer = await consume({
      topics: ['short', 'long'],
      groupId: `${groupPrefix}times`,
      progressTimeoutMs: 500,
      handler: async ({ topic, partition, value }) => {
        handled.push({ of: `${topic}/${partition}`, dueMs: Number(value), atMs: Date.now() });
      },
    });

    await eventually(() => expect(handled.map(({ of }) => of)).toEqual(['short/1', 'short/1']));
    for (const { dueMs, atMs } of handled) expect(atMs).toBeGreaterThanOrEqual(dueMs);
    // Whoever only waits is not stuck.
    await eventually(() => expect(consumer.health()).toEqual({ ready: true, live: true }));
  });

  test('wait in the log: what is read of them is bounded, and a restart loses none', async () => {
    await log.createTopic('waiting', 1);
    const dueMs = Date.now() + 4_000;
    await log.append('waiting', 0, due(...Array.from({ length: 300 }, () => dueMs)));
    const groupId = `${groupPrefix}restart`;
    const first: number[] = [];
    const early = await consume({
      topics: ['waiting'],
      groupId,
      maxBufferedRecords: 10,
      handler: async ({ offset }) => void first.push(offset),
    });
    await eventually(() => expect(early.health().ready).toBe(true));
    await early.stop({ drainTimeoutMs: 0 });
    expect(first).toEqual([]);

    const second: number[] = [];
    await consume({
      topics: ['waiting'],
      groupId,
      maxBufferedRecords: 10,
      handler: async ({ offset }) => void second.push(offset),
    });
    await eventually(() => expect(second).toHaveLength(300));
    expect(Date.now()).toBeGreaterThanOrEqual(dueMs);
    expect(new Set(second).size).toBe(300);
  });
});
