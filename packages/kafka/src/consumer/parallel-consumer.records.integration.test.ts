import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { eventually } from '@nask/testkit';
import { ascending, consumerHarness, numbered, workFor } from '../../testing/consumer-harness.ts';
import { silentLogger } from '../../testing/silent-logger.ts';
import { createProducer } from '../producer/group-commit-producer.ts';
import type { ConsumedRecord } from '../record.ts';
import { createDeadLetters } from './dead-letters.ts';
import { DeadLetterError } from './dispatch/dispatcher.ts';

const { log, connect, newTopic, nextName, consume, group, stopConsumers } = consumerHarness('consumer-records');

beforeAll(() => log.open());
afterEach(() => stopConsumers());
afterAll(() => log.close());

describe('records of a parallel consumer on a real broker', () => {
  test('given a record that the handler refuses, then it is in the dead letters as it was, and the others go on', async () => {
    const topic = await newTopic(1);
    const deadTopic = await newTopic(1);
    const value = Buffer.from([0x00, 0xff, 0xfe, 0x80]);
    const header = Buffer.from([0xc3, 0x28]);
    const headers = { odd: header, constructor: header, none: null };
    await log.append(topic, 0, [{ key: 'bad', value, headers }, ...numbered(1, 2)]);
    const producer = createProducer({ connection: connect(), logger: silentLogger });
    await producer.start();
    const handled: number[] = [];
    const groupId = group();
    await consume({
      topics: [topic],
      groupId,
      deadLetters: createDeadLetters({ producer, topic: deadTopic }),
      handler: async ({ key, offset }) => {
        if (key === 'bad') throw new DeadLetterError('not to be decoded');
        handled.push(offset);
      },
    });
    const dead: ConsumedRecord[] = [];
    await consume({ topics: [deadTopic], groupId: group(), handler: async (record) => void dead.push(record) });

    await eventually(() => expect(dead).toHaveLength(1));
    expect(dead[0]?.value).toEqual(value);
    expect(dead[0]?.key).toBe('bad');
    expect({ ...dead[0]?.original?.headers }).toMatchObject(headers);
    expect(dead[0]?.headers).toMatchObject({
      'dead-letter-reason': 'not to be decoded',
      'dead-letter-topic': topic,
      'dead-letter-partition': '0',
      'dead-letter-offset': '0',
    });
    await eventually(async () => expect((await log.committed(groupId, topic)).get(0)?.offset).toBe(3));
    expect(handled.sort(ascending)).toEqual([1, 2]);
    await producer.stop();
  });

  test('given too many refusals, then the partition stops and the consumer says so', async () => {
    const topic = await newTopic(1, 5);
    const groupId = group();
    const published: number[] = [];
    const consumer = await consume({
      topics: [topic],
      groupId,
      maxInFlight: 1,
      deadLetters: createDeadLetters({
        topic: 'nowhere',
        maxPerMinute: 2,
        producer: { send: async () => ({ topic: 'nowhere', partition: 0, offset: published.push(0) }) },
      }),
      handler: () => Promise.reject(new DeadLetterError('a bad release')),
    });
    await eventually(() => expect(consumer.health().ready).toBe(false));
    expect(consumer.health().reason).toContain('the limit is 2');
    expect(published).toHaveLength(2);
    await eventually(async () => expect((await log.committed(groupId, topic)).get(0)?.offset).toBe(2));
  });

  test('given a checkpoint of its own, then batches begin there, and come one at a time in log order', async () => {
    const topic = await newTopic(2, 300);
    const groupId = group();
    const batches: ConsumedRecord[][] = [];
    let sideBySide = 0;
    await consume({
      topics: [topic],
      groupId,
      maxBatchRecords: 100,
      loadPositions: async (assigned) =>
        new Map(assigned.map(({ partition }) => [`${topic}/${partition}`, 100 + partition])),
      batchHandler: async (records) => {
        sideBySide += 1;
        await workFor(1);
        expect(sideBySide).toBe(1);
        sideBySide -= 1;
        batches.push(records);
      },
    });

    await eventually(() => expect(batches.flat()).toHaveLength(399));
    expect(Math.max(...batches.map((batch) => batch.length))).toBe(100);
    for (const partition of [0, 1]) {
      const offsets = batches.flat().flatMap((record) => (record.partition === partition ? [record.offset] : []));
      expect(offsets).toEqual(Array.from({ length: 200 - partition }, (_, index) => 100 + partition + index));
    }
    await eventually(async () => {
      const committed = await log.committed(groupId, topic);
      expect([...committed.values()].map(({ offset, metadata }) => [offset, metadata])).toEqual([
        [300, ''],
        [300, ''],
      ]);
    });
  });

  test('given a topic that is not there yet, then the consumer waits for it', async () => {
    const topic = nextName();
    const handled: number[] = [];
    const joined = consume({
      topics: [topic],
      groupId: group(),
      handler: async ({ offset }) => void handled.push(offset),
    });
    await log.createTopic(topic, 1);
    await log.append(topic, 0, numbered(0, 1));
    await joined;
    await eventually(() => expect(handled).toEqual([0]));
  });

  test('given records that retention took, then it goes on at the start of the log, and keeps what it knows', async () => {
    const topic = await newTopic(1, 10);
    const groupId = group();
    await log.deleteBelow(topic, 0, 4);
    const handled: number[] = [];
    await consume({ topics: [topic], groupId, handler: async ({ offset }) => void handled.push(offset) });

    await eventually(async () => expect((await log.committed(groupId, topic)).get(0)?.offset).toBe(10));
    expect(handled.sort(ascending)).toEqual([4, 5, 6, 7, 8, 9]);
  });
});
