import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { createDeadLetters, createLogReader, createParallelConsumer, type ConsumedRecord } from '@nask/kafka';
import { derivedEventId, eventWithDefaults, type TaskStarted } from '@nask/schemas';
import { createMetrics, kafkaSettings, loadSettings, registrySettings } from '@nask/service';
import { eventually, isolate, serviceEnv, testServers } from '@nask/testkit';
import { silentLogger } from '@nask/kafka/testing/silent-logger.ts';
import { applyContract } from './contract/apply-contract.ts';
import { decodeOrSkip, handleEvents } from './handle.ts';
import { openTaskLog, type TaskLog } from './open-task-log.ts';

/** Events through a real Kafka and a real registry: published, handled, refused, read back. */

const isolation = isolate('task-log');
let log: TaskLog;

beforeAll(async () => {
  const settings = loadSettings({ ...kafkaSettings, ...registrySettings }, serviceEnv(isolation));
  log = openTaskLog({ name: 'executor', settings, logger: silentLogger as never, metrics: createMetrics('test') });
  await applyContract({
    connection: log.connection,
    registryUrl: testServers().registryUrl,
    topics: { partitions: 1, replicationFactor: 1, documentRetentionDays: 30 },
    logger: silentLogger,
  });
  for (const component of [log.components.producer, log.components.codec])
    await component.start?.({ signal: new AbortController().signal });
}, 120_000);

afterAll(() => log.components.producer.stop?.({ graceMs: 1_000 }), 30_000);

const startOf = (task_id: number): TaskStarted =>
  eventWithDefaults('TaskStarted', {
    event_id: derivedEventId('TaskStarted', task_id, 1),
    task_id,
    attempt: 1,
    executor: 'x',
    started_at: 1_700_000_000_123,
  });

test('what is published is handled; what cannot be read goes to the dead letters, and is skipped when read back', async () => {
  const { publisher, producer, codec, connection } = log;
  const signal = AbortSignal.timeout(60_000);
  const first = await publisher.publish('tasks.started', startOf(1), { deadlineMs: 20_000 });
  expect(first).toEqual({ topic: 'tasks.started', partition: 0, offset: 0 });
  await publisher.publishUntilAcknowledged('tasks.started', startOf(2), { signal, traceparent: 'trace' });
  await publisher.sendUntilAcknowledged({ ...publisher.recordOf('tasks.started', startOf(3)), key: '4' }, { signal });
  await publisher.sendUntilAcknowledged({ topic: 'tasks.started', key: '5', value: Buffer.from('?') }, { signal });

  const seen: [TaskStarted, ConsumedRecord][] = [];
  const consumer = createParallelConsumer({
    connection,
    groupId: `${isolation.groupPrefix}executor`,
    ...handleEvents({ 'tasks.started': async (record, { read }) => void seen.push([await read(), record]) }, { codec }),
    deadLetters: createDeadLetters({ producer, topic: 'dead-letters.executor' }),
    logger: silentLogger,
  });
  await consumer.start();
  const reader = createLogReader(connection);
  const all = async (topic: string): Promise<ConsumedRecord[]> => {
    const records: ConsumedRecord[] = [];
    for await (const record of reader.read({ topic, partition: 0 }, { offset: 0 })) records.push(record);
    return records;
  };
  const refused = () => all('dead-letters.executor');
  await eventually(async () => expect(await refused()).toHaveLength(2), { timeoutMs: 60_000 });

  expect(seen.map(([event]) => ({ ...event }))).toEqual([startOf(1), startOf(2)]);
  expect(seen[1]![1]).toMatchObject({
    key: '2',
    headers: { ce_id: startOf(2).event_id, ce_type: 'TaskStarted', ce_source: '/nask/executor', traceparent: 'trace' },
  });
  const reasons = (await refused()).map(({ headers }) => headers['dead-letter-reason']);
  expect(new Set(reasons)).toEqual(
    new Set(['A value in tasks.started is not in the wire format', 'The key "4" is not the id of the task, 3.']),
  );

  const readBack: (number | undefined)[] = [];
  for (const record of await all('tasks.started')) {
    const event = await decodeOrSkip(codec, 'tasks.started', record, silentLogger);
    readBack.push(event?.task_id);
  }
  expect(readBack).toEqual([1, 2, 3, undefined]);
  await consumer.stop({ drainTimeoutMs: 0 });
  await reader.stop();
}, 120_000);
