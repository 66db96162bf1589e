import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { eventually, startOwnKafka, suspendProcess, type OwnServer } from '@nask/testkit';
import { connectKafka, type KafkaConnection } from '../connection.ts';
import { createTopic } from '../../testing/topics.ts';
import { silentLogger } from '../../testing/silent-logger.ts';
import { createProducer, type GroupCommitProducer } from '../producer/group-commit-producer.ts';
import { createLogEnds, LogEndsError, type LogEnds } from './log-ends.ts';

let kafka: OwnServer;
let connection: KafkaConnection;
let producer: GroupCommitProducer;
let logEnds: LogEnds;

beforeAll(async () => {
  kafka = await startOwnKafka();
  connection = connectKafka({ brokers: [kafka.address], clientId: 'test', topicPrefix: 'ends.', logger: silentLogger });
  await createTopic(connection, 'events', 3);
  producer = createProducer({ connection, logger: silentLogger });
  await producer.start();
  logEnds = createLogEnds(connection, { timeoutMs: 5_000 });
}, 120_000);

afterAll(async () => {
  await logEnds?.stop();
  await producer?.stop();
  await kafka?.close();
}, 60_000);

const send = (key: string) => producer.send({ topic: 'events', key, value: Buffer.from('x') });

describe('the ends of a log', () => {
  test('of an empty topic: all partitions, at 0', async () => {
    const ends = await logEnds.endOffsets('events');
    expect(new Set(ends.keys())).toEqual(new Set([0, 1, 2]));
    expect([...ends.values()]).toEqual(Array.from({ length: 3 }, () => ({ logStart: 0, logEnd: 0 })));
    expect(await logEnds.partitionCount('events')).toBe(3);
  }, 30_000);

  test('whoever asks after a record was acknowledged finds it below the end, however many ask at once', async () => {
    const writers = Array.from({ length: 40 }, async (_, writer) => {
      for (let count = 0; count < 10; count += 1) {
        const { partition, offset } = await send(`${writer}-${count}`);
        const ends = await logEnds.endOffsets('events');
        expect(ends.get(partition)!.logEnd).toBeGreaterThan(offset);
      }
    });
    await Promise.all(writers);
  }, 60_000);

  test('Kafka that hangs: an error of its own, within the time; then it works again', async () => {
    await logEnds.endOffsets('events');
    const hasty = createLogEnds(connection, { timeoutMs: 300 });
    await suspendProcess(kafka.pid());
    const outcomes = await Promise.allSettled([hasty.endOffsets('events'), hasty.endOffsets('events')]);
    kafka.signal('SIGCONT');
    for (const outcome of outcomes) expect(outcome).toMatchObject({ reason: expect.any(LogEndsError) });
    await eventually(() => hasty.endOffsets('events'));
    await hasty.stop();
    await expect(hasty.endOffsets('events')).rejects.toThrow(LogEndsError);
  }, 60_000);

  test('a topic that does not exist', async () => {
    await expect(logEnds.endOffsets('nowhere')).rejects.toThrow(LogEndsError);
  }, 30_000);
});
