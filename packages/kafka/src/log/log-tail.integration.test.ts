import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import { eventually, startOwnKafka, type OwnServer } from '@nask/testkit';
import { silentLogger } from '../../testing/silent-logger.ts';
import { connectKafka, type KafkaConnection } from '../connection.ts';
import { createTopic } from '../../testing/topics.ts';
import { createProducer, type GroupCommitProducer } from '../producer/group-commit-producer.ts';
import { createLogTail, type TailedRecord, type TailStart } from './log-tail.ts';

jest.setTimeout(60_000);

const topics = ['a', 'b'];
let kafka: OwnServer;
let connection: KafkaConnection;
let producer: GroupCommitProducer;

beforeAll(async () => {
  kafka = await startOwnKafka();
  connection = connectKafka({ brokers: [kafka.address], clientId: 'test', topicPrefix: 'tail.', logger: silentLogger });
  producer = createProducer({ connection, logger: silentLogger });
  await producer.start();
  for (const topic of topics) await createTopic(connection, topic, 3);
});
afterAll(async () => {
  await producer.stop();
  await kafka.close();
});

/** Records of both topics, and what the tail is to tell of each. */
async function write(count: number): Promise<TailedRecord[]> {
  const sends = Array.from({ length: count }, async (_, n) => {
    const key = String(n);
    const value = Buffer.from(`value ${n}`);
    const position = await producer.send({ topic: topics[n % 2]!, key, value }, { deadlineMs: 30_000 });
    return { ...position, key, value, timestampMs: expect.any(Number) as unknown as number };
  });
  return Promise.all(sends);
}

const inOrder = (records: readonly TailedRecord[]) =>
  records.toSorted((a, b) => a.topic.localeCompare(b.topic) || a.partition - b.partition || a.offset - b.offset);

/** A tail, whether it is wanted, and what it passed on. */
async function startTail({ isWanted }: { isWanted: boolean }) {
  const received: TailedRecord[] = [];
  const starts: TailStart[] = [];
  const listener = { isWanted };
  const tail = createLogTail({
    connection,
    topics,
    isWanted: () => listener.isWanted,
    onRecord: (record) => received.push(record),
    onStart: (all) => starts.push(...all),
    logger: silentLogger,
  });
  await tail.start();
  return { tail, received, starts, listener };
}

test('records written while the tail is wanted arrive once, in the order of its partition, also after Kafka was away', async () => {
  await write(20);
  const { tail, received, starts } = await startTail({ isWanted: true });
  // It connects in the background: what is written before it has is before its start.
  const first = await eventually(async () => {
    const [record] = await write(1);
    expect(received.length).toBeGreaterThan(0);
    return record!;
  });
  await eventually(() => expect(received).toContainEqual(first));
  // From its start on, nothing is left out.
  expect(starts).toHaveLength(6);
  for (const start of starts) {
    const isThere = ({ topic, partition }: TailStart) => topic === start.topic && partition === start.partition;
    expect(received.find(isThere)?.offset ?? start.offset).toBe(start.offset);
  }
  const before = [...received];
  const written = await write(50);
  await eventually(() => expect(received.length).toBeGreaterThanOrEqual(before.length + written.length));

  await kafka.kill();
  await kafka.start();
  const later = await write(50);
  const expected = [...before, ...written, ...later];
  await eventually(() => expect(received.length).toBeGreaterThanOrEqual(expected.length));
  expect(inOrder(received)).toEqual(inOrder(expected));
  for (const topic of topics)
    for (const partition of [0, 1, 2]) {
      const offsets = received
        .filter((r) => r.topic === topic && r.partition === partition)
        .map(({ offset }) => offset);
      expect(offsets).toEqual(offsets.toSorted((a, b) => a - b));
    }
  await tail.stop();
});

test('while the tail is not wanted nothing arrives; then records from a moment before on', async () => {
  const { tail, received, listener } = await startTail({ isWanted: false });
  // More than it looks back: it is past the first of them by the last.
  const written: TailedRecord[] = [];
  const sinceMs = performance.now();
  while (performance.now() - sinceMs < 2_500) written.push(...(await write(5)));
  expect(received).toEqual([]);

  listener.isWanted = true;
  tail.wake();
  const last = (await write(1))[0]!;
  await eventually(() => expect(received).toContainEqual(last));
  expect(received).not.toContainEqual(written[0]);
  await tail.stop();
});
