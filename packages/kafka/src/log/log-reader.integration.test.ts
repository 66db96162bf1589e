import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { isolate, startOwnKafka, testServers } from '@nask/testkit';
import { connectKafka, type KafkaConnection } from '../connection.ts';
import { createTopic } from '../../testing/topics.ts';
import { silentLogger } from '../../testing/silent-logger.ts';
import { createProducer, type GroupCommitProducer } from '../producer/group-commit-producer.ts';
import { createLogReader, type LogReader, type SliceStart } from './log-reader.ts';
import { partitionFor } from '../producer/partitions.ts';

const partitions = 2;
const { topicPrefix } = isolate('log-reader');

let connection: KafkaConnection;
let producer: GroupCommitProducer;
let reader: LogReader;

beforeAll(async () => {
  connection = connectKafka({ ...testServers(), clientId: 'test', topicPrefix, logger: silentLogger });
  producer = createProducer({ connection, logger: silentLogger });
  reader = createLogReader(connection, { maxFetchBytes: 4_096 });
  await producer.start();
}, 60_000);
afterAll(() => Promise.all([producer.stop(), reader.stop()]));

/** A key of the partition. */
function keyIn(partition: number): string {
  for (let key = 0; ; key++) if (partitionFor(String(key), partitions) === partition) return String(key);
}

async function offsets(topic: string, partition: number, from: SliceStart): Promise<number[]> {
  const found: number[] = [];
  for await (const record of reader.read({ topic, partition }, from)) found.push(record.offset);
  return found;
}

async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const collected: T[] = [];
  for await (const item of items) collected.push(item);
  return collected;
}

const range = (start: number, end: number) => Array.from({ length: end - start }, (_, index) => start + index);

describe('a slice of a log', () => {
  const topic = 'slices';
  let middleMs: number;

  beforeAll(async () => {
    await createTopic(connection, topic, partitions);
    const write = async (from: number, to: number) => {
      // More bytes than one fetch takes.
      for (const offset of range(from, to))
        await producer.send({ topic, key: keyIn(1), value: Buffer.alloc(200, offset), headers: { n: String(offset) } });
    };
    await write(0, 60);
    const [last] = await collect(reader.read({ topic, partition: 1 }, { last: 1 }));
    middleMs = last!.timestampMs + 1;
    while (Date.now() < middleMs) await new Promise(setImmediate);
    await write(60, 100);
  }, 60_000);

  test.each<[string, SliceStart, number[]]>([
    ['the log’s start', { offset: 0 }, range(0, 100)],
    ['an offset', { offset: 97 }, [97, 98, 99]],
    ['its end', { offset: 100 }, []],
    ['beyond its end', { offset: 1_000 }, []],
    ['the last three', { last: 3 }, [97, 98, 99]],
    ['more than there are', { last: 1_000 }, range(0, 100)],
    ['a time after all, and the last two', { timestampMs: Date.now() + 86_400_000, last: 2 }, [98, 99]],
    ['a time before all, and the last two', { timestampMs: 0, last: 2 }, range(0, 100)],
    ['a time before all', { timestampMs: -1 }, range(0, 100)],
    ['a time after all', { timestampMs: Date.now() + 86_400_000 }, []],
  ])('begins with %s', async (_what, from, expected) => {
    expect(await offsets(topic, 1, from)).toEqual(expected);
  });

  test('begins with the first record of a time or later', async () => {
    expect(await offsets(topic, 1, { timestampMs: middleMs })).toEqual(range(60, 100));
  });

  test('of a partition without records is empty', async () => {
    expect(await offsets(topic, 0, { offset: 0 })).toEqual([]);
  });

  test('has the records as a consumer has them', async () => {
    const [record] = await collect(reader.read({ topic, partition: 1 }, { offset: 99 }));
    expect(record).toMatchObject({
      topic,
      partition: 1,
      offset: 99,
      key: keyIn(1),
      value: Buffer.alloc(200, 99),
      headers: { n: '99' },
      timestampMs: expect.any(Number),
    });
  });

  test('ends where the log ended when it was begun', async () => {
    const growing = 'growing';
    await createTopic(connection, growing, partitions);
    const send = () => producer.send({ topic: growing, key: keyIn(0), value: Buffer.alloc(200) });
    await Promise.all(range(0, 50).map(send));
    const found: number[] = [];
    for await (const { offset } of reader.read({ topic: growing, partition: 0 }, { offset: 0 })) {
      found.push(offset);
      await send();
    }
    expect(found).toEqual(range(0, 50));
  });

  test('of a topic that does not exist is an error', async () => {
    await expect(offsets('no-such-topic', 0, { offset: 0 })).rejects.toMatchObject({ code: 'LOG_READ_FAILED' });
    expect(await offsets(topic, 1, { offset: 99 })).toEqual([99]);
  });
});

test('a Kafka that is away is an error within the time-out; once it is back the same reader reads', async () => {
  const kafka = await startOwnKafka();
  try {
    const own = connectKafka({ brokers: [kafka.address], clientId: 'test', logger: silentLogger });
    const ownProducer = createProducer({ connection: own, logger: silentLogger });
    await ownProducer.start();
    await createTopic(own, 'outage', 1);
    await ownProducer.send({ topic: 'outage', key: '1', value: Buffer.alloc(1) });
    const ownReader = createLogReader(own, { timeoutMs: 2_000 });
    const read = () => collect(ownReader.read({ topic: 'outage', partition: 0 }, { offset: 0 }));
    expect(await read()).toHaveLength(1);
    await kafka.kill();
    await expect(read()).rejects.toMatchObject({ code: 'LOG_READ_FAILED' });
    await kafka.start();
    expect(await read()).toHaveLength(1);
    await Promise.all([ownReader.stop(), ownProducer.stop()]);
  } finally {
    await kafka.close();
  }
}, 120_000);
