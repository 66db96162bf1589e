import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { isolate, testServers } from '@nask/testkit';
import { silentLogger, TestLog } from '../testing/test-log.ts';
import { connectKafka } from './connection.ts';
import { createLogReader, LogReadError } from './log-reader.ts';
import type { ConsumedRecord } from './record.ts';

const { brokers } = testServers();
const { topicPrefix } = isolate('log-reader');
const log = new TestLog({ brokers, topicPrefix });
const reader = createLogReader(connectKafka({ brokers, clientId: 'test', topicPrefix, logger: silentLogger }));

beforeAll(async () => {
  await log.open();
  for (const topic of ['one', 'other']) {
    await log.createTopic(topic, 2);
    for (const partition of [0, 1])
      await log.append(
        topic,
        partition,
        Array.from({ length: 500 }, (_, n) => ({ key: `${n}`, value: `${topic}/${partition}/${n}` })),
      );
  }
});
afterAll(() => log.close());

async function read(...ranges: Parameters<typeof reader.read>[0]): Promise<ConsumedRecord[]> {
  const records: ConsumedRecord[] = [];
  await reader.read(ranges, (record) => records.push(record));
  return records;
}

describe('reading a part of the log', () => {
  test('gives exactly its records, of each partition in order', async () => {
    const records = await read(
      { topic: 'one', partition: 0, from: 10, to: 490 },
      { topic: 'other', partition: 1, from: 499, to: 500 },
      { topic: 'one', partition: 1, from: 0, to: 500 },
    );
    const valuesOf = (topic: string, partition: number) =>
      records
        .filter((record) => record.topic === topic && record.partition === partition)
        .map(({ value }) => String(value));
    const expected = (from: number, to: number, of: string) =>
      Array.from({ length: to - from }, (_, n) => `${of}/${from + n}`);
    expect(valuesOf('one', 0)).toEqual(expected(10, 490, 'one/0'));
    expect(valuesOf('one', 1)).toEqual(expected(0, 500, 'one/1'));
    expect(valuesOf('other', 1)).toEqual(['other/1/499']);
    expect(records).toHaveLength(480 + 500 + 1);
  });

  test('that is empty asks nobody', async () => {
    expect(await read({ topic: 'none', partition: 0, from: 5, to: 5 })).toEqual([]);
  });

  test('that is not there is an error, and nothing is made up', async () => {
    await expect(read({ topic: 'other', partition: 0, from: 600, to: 700 })).rejects.toThrow(LogReadError);
  });
});
