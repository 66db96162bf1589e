import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { isolate, testServers } from '@nask/testkit';
import { Registry } from 'prom-client';
import { connectKafka } from '../connection.ts';
import { createTopic, readTopic } from '../../testing/topics.ts';
import { silentLogger } from '../../testing/silent-logger.ts';
import { createProducer, type GroupCommitProducer } from './group-commit-producer.ts';
import { recordSizeBytes } from './pending-record.ts';

const { topicPrefix } = isolate('producer');
const connection = connectKafka({ ...testServers(), clientId: 'test', topicPrefix, logger: silentLogger });
const metrics = new Registry();
let producer: GroupCommitProducer;

beforeAll(async () => {
  await Promise.all([createTopic(connection, 'events', 12), createTopic(connection, 'one', 1)]);
  producer = createProducer({ connection, logger: silentLogger, metrics });
  await producer.start();
}, 60_000);

afterAll(() => producer?.stop());

const record = (key: string, text: string, topic = 'events') => ({ topic, key, value: Buffer.from(text) });

describe('the group-commit producer', () => {
  test('says of each of many records sent at once where it is, and keeps the order of a key', async () => {
    const keys = Array.from({ length: 50 }, (_, key) => String(key));
    const sends = Array.from({ length: 4_000 }, (_, index) => record(keys[index % keys.length]!, String(index)));
    const positions = await Promise.all(sends.map((sent) => producer.send(sent)));

    const found = await readTopic(connection, 'events');
    const at = new Map(found.map((entry) => [`${entry.partition}/${entry.offset}`, entry]));
    expect(at.size).toBe(sends.length);
    sends.forEach(({ key, value }, index) => {
      const { partition, offset } = positions[index]!;
      const { key: foundKey, value: foundValue } = at.get(`${partition}/${offset}`)!;
      expect([foundKey, String(foundValue)]).toEqual([key, String(value)]);
    });
    for (const entries of Map.groupBy(found, ({ key }) => key).values()) {
      const indexes = entries.map(({ value }) => Number(value));
      expect(indexes).toEqual(indexes.toSorted((a, b) => a - b));
    }

    const text = await metrics.metrics();
    const batches = Number(/^kafka_producer_batch_records_count (\d+)$/m.exec(text)?.[1]);
    expect(batches).toBeGreaterThan(0);
    expect(batches).toBeLessThan(sends.length / 10);
  }, 60_000);

  test('headers arrive', async () => {
    await producer.send({ ...record('h', 'with headers', 'one'), headers: { ce_id: 'é1', ce_type: 'T' } });
    const [found] = (await readTopic(connection, 'one')).filter(({ key }) => key === 'h');
    expect(found!.headers).toEqual({ ce_id: 'é1', ce_type: 'T' });
  }, 30_000);

  test('records sent alone get offsets that are their own, also among others', async () => {
    const sends = Array.from({ length: 60 }, (_, index) =>
      index % 3 === 0
        ? producer.sendAlone(record('lease', `alone ${index}`, 'one'))
        : producer.send(record('x', `group ${index}`, 'one')),
    );
    const positions = await Promise.all(sends);
    const found = new Map((await readTopic(connection, 'one')).map(({ offset, value }) => [offset, String(value)]));
    positions.forEach(({ offset }, index) => {
      expect(found.get(offset)).toBe(`${index % 3 === 0 ? 'alone' : 'group'} ${index}`);
    });
    expect(new Set(positions.map(({ offset }) => offset)).size).toBe(60);
  }, 30_000);

  test('the largest record that it takes is one that the broker takes; a byte more is refused at once', async () => {
    const room = 900_000 - recordSizeBytes(record('k', ''));
    const largest = { ...record('k', ''), value: Buffer.alloc(room) };
    expect(await producer.send(largest)).toMatchObject({ topic: 'events' });
    await expect(producer.send({ ...largest, value: Buffer.alloc(room + 1) })).rejects.toMatchObject({
      code: 'RECORD_TOO_LARGE',
      outcomeUnknown: false,
      retryable: false,
    });
  }, 30_000);

  test('a record has to leave as many bytes free as its sender says', async () => {
    const spareBytes = 4_096;
    const room = 900_000 - spareBytes - recordSizeBytes(record('k', ''));
    const largest = { ...record('k', ''), value: Buffer.alloc(room) };
    expect(await producer.send(largest, { spareBytes })).toMatchObject({ topic: 'events' });
    const larger = { ...largest, value: Buffer.alloc(room + 1) };
    await expect(producer.send(larger, { spareBytes })).rejects.toMatchObject({
      code: 'RECORD_TOO_LARGE',
      message: expect.stringContaining('895905 bytes; the limit is 895904'),
    });
    expect(await producer.send(larger)).toMatchObject({ topic: 'events' });
  }, 30_000);

  test('large records of one partition, sent at once, all arrive: no batch is more than the broker takes', async () => {
    const large = Array.from({ length: 12 }, () => ({ ...record('k', '', 'one'), value: Buffer.alloc(400_000) }));
    const positions = await Promise.all(large.map((sent) => producer.send(sent)));
    expect(new Set(positions.map(({ offset }) => offset)).size).toBe(12);
  }, 30_000);

  test('a record for a topic that does not exist fails by its deadline, unwritten, and delays no other', async () => {
    const toNowhere = producer.send(record('k', 'lost', 'later'), { deadlineMs: 800 });
    const failed = expect(toNowhere).rejects.toMatchObject({ code: 'DEADLINE_EXCEEDED', outcomeUnknown: false });
    expect(await producer.send(record('k', 'found'))).toMatchObject({ topic: 'events' });
    await failed;
    await createTopic(connection, 'later', 1);
    expect(await producer.send(record('k', 'now it exists', 'later'))).toMatchObject({ topic: 'later', offset: 0 });
  }, 30_000);

  test('is healthy', () => {
    expect(producer.isHealthy()).toBe(true);
  });
});

describe('a producer at its limits', () => {
  test('says at once that its queue is full, and sends what is in it', async () => {
    const small = createProducer({ connection, logger: silentLogger, maxQueuedRecords: 10 });
    await small.start();
    const outcomes = await Promise.allSettled(
      Array.from({ length: 30 }, (_, index) => small.send(record(String(index), 'full'))),
    );
    const refused = { status: 'rejected', reason: { code: 'QUEUE_FULL', outcomeUnknown: false, retryable: true } };
    expect(outcomes.slice(0, 10).every(({ status }) => status === 'fulfilled')).toBe(true);
    expect(outcomes.slice(10)).toMatchObject(Array.from({ length: 20 }, () => refused));
    await small.stop();
  }, 30_000);

  test('counts bytes too', async () => {
    const small = createProducer({ connection, logger: silentLogger, maxQueuedBytes: 1_000 });
    await small.start();
    const first = small.send(record('k', 'x'.repeat(600)));
    await expect(small.send(record('k', 'x'.repeat(600)))).rejects.toMatchObject({ code: 'QUEUE_FULL' });
    await first;
    await small.stop();
  }, 30_000);
});

describe('a producer that stops', () => {
  test('sends what is queued, takes no more, and may be stopped twice', async () => {
    const stopping = createProducer({ connection, logger: silentLogger });
    await expect(stopping.send(record('k', 'early'))).rejects.toMatchObject({ code: 'STOPPED' });
    await stopping.start();
    const queued = Array.from({ length: 100 }, (_, index) => stopping.send(record(String(index), 'last')));
    const stopped = Promise.all([stopping.stop(), stopping.stop()]);
    await expect(stopping.send(record('k', 'late'))).rejects.toMatchObject({ code: 'STOPPED', outcomeUnknown: false });
    expect(await Promise.all(queued)).toHaveLength(100);
    await stopped;
    expect(stopping.isHealthy()).toBe(false);
  }, 30_000);
});
