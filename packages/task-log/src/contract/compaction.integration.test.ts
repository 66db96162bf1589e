import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { topics } from '@nask/schemas';
import { eventually, isolate, testServers } from '@nask/testkit';
import {
  createLogReader,
  createParallelConsumer,
  createProducer,
  type ConsumedRecord,
  type ParallelConsumer,
  type ParallelConsumerOptions,
} from '@nask/kafka';
import { silentLogger } from '@nask/kafka/testing/silent-logger.ts';
import { TestLog } from '@nask/kafka/testing/test-log.ts';
import { setBrokerConfig } from '@nask/kafka/testing/topics.ts';
import { wantedTopic } from './topic-plan.rules.ts';

const { topicPrefix, groupPrefix } = isolate('compaction');
const log = new TestLog({ ...testServers(), topicPrefix });
const { connection } = log;
const topic = 'compacted';
const running: ParallelConsumer[] = [];
/** Less than the first batch, so that a fetch may have nothing else; more than all others. */
const maxFetchBytes = 2_000;
const reader = createLogReader(connection, { maxFetchBytes });

beforeAll(() => log.open());
afterAll(async () => {
  await Promise.all(running.map((consumer) => consumer.stop({ drainTimeoutMs: 0 })));
  await Promise.all([reader.stop(), log.close()]);
});

/** Each change restarts the broker's cleaner, which then checks every second instead of every 15 s. */
const hurryCleaner = () => setBrokerConfig(connection, 'log.cleaner.backoff.ms', '1000');

function consume(options: Partial<ParallelConsumerOptions>) {
  const consumer = createParallelConsumer({
    connection,
    groupId: `${groupPrefix}gaps`,
    topics: [topic],
    logger: silentLogger,
    commitIntervalMs: 20,
    ...options,
  } as ParallelConsumerOptions);
  running.push(consumer);
  return consumer;
}

const records = (keys: readonly string[], value: string) => keys.map((key) => ({ key, value }));
const said = ({ key, value }: ConsumedRecord) => `${key} ${String(value).trimEnd()}`;
const [low, high] = [
  ['0', '1', '2', '3', '4'],
  ['5', '6', '7', '8', '9'],
] as const;

test('a topic of the newest records by key: compaction leaves gaps, which the reader and a consumer that comes back to one pass', async () => {
  const settings = { partitions: 1, replicationFactor: 1, documentRetentionDays: 1 };
  const { config } = wantedTopic(topic, topics['tasks.deferred'], settings);
  // At once, in place of when it pays.
  await log.createTopic(topic, 1, { config: { ...config, 'segment.ms': '100', 'min.cleanable.dirty.ratio': '0' } });
  await log.append(topic, 0, records([...low, ...high], 'old'.padEnd(1_000)));

  const first = consume({
    handler: ({ offset }, { signal }) =>
      offset === 7 ? new Promise((_, reject) => signal.addEventListener('abort', reject)) : Promise.resolve(),
  });
  await first.start();
  await eventually(async () => {
    const committed = (await log.committed(`${groupPrefix}gaps`, topic)).get(0);
    expect([committed?.offset, committed?.isDone(9)]).toEqual([7, true]);
  });
  await first.stop({ drainTimeoutMs: 0 });

  // The last batch of a producer stays, without its records.
  const producer = createProducer({ connection, logger: silentLogger });
  await producer.start();
  await producer.send({ topic, key: 'x', value: Buffer.from('old') });
  await producer.stop();
  await log.append(topic, 0, records([...high, 'x'], 'new'));

  await hurryCleaner();
  const read = async (offset: number) => {
    const found: string[] = [];
    for await (const record of reader.read({ topic, partition: 0 }, { offset }))
      if (record.key !== 'tail') found.push(said(record));
    return found;
  };
  const newest = [...high, 'x'].map((key) => `${key} new`);
  await eventually(async () => {
    // A segment ends with the first record after its time.
    await log.append(topic, 0, records(['tail'], ''));
    expect(await read(0)).toEqual([...low.map((key) => `${key} old`), ...newest]);
  });
  // The first batch is still there, and has nothing from 5 on.
  expect(await read(7)).toEqual(newest);

  const handled: string[] = [];
  const second = consume({
    maxBufferedBytes: maxFetchBytes,
    handler: async (record) => void (record.key !== 'tail' && handled.push(said(record))),
  });
  await second.start();
  await eventually(() => {
    expect(handled.toSorted()).toEqual(newest.toSorted());
    expect(second.lag()).toEqual([expect.objectContaining({ records: 0 })]);
  });
}, 60_000);

test('a topic that is kept by key: a tombstone removes its key, and then itself', async () => {
  const settings = { partitions: 1, replicationFactor: 1, documentRetentionDays: 1 };
  const { config } = wantedTopic('schedules', topics['schedules.changed'], settings);
  // At once, in place of after a day.
  const hurried = { 'segment.ms': '100', 'min.cleanable.dirty.ratio': '0', 'delete.retention.ms': '0' };
  await log.createTopic('schedules', 1, { config: { ...config, ...hurried } });
  await log.append('schedules', 0, records(['kept', 'deleted'], 'first'));
  await log.append('schedules', 0, [{ key: 'deleted', value: null }]);

  await hurryCleaner();
  await eventually(async () => {
    await log.append('schedules', 0, records(['tail'], ''));
    const found: string[] = [];
    for await (const record of reader.read({ topic: 'schedules', partition: 0 }, { offset: 0 }))
      if (record.key !== 'tail') found.push(said(record));
    expect(found).toEqual(['kept first']);
  });
}, 60_000);
