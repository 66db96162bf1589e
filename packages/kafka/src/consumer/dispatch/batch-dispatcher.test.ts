import { describe, expect, test } from '@jest/globals';
import { SimulatedConsumer } from '../../../testing/simulation/simulated-consumer.ts';
import type { ConsumedRecord } from '../../record.ts';
import { BatchDispatcher, type BatchHandler } from './batch-dispatcher.ts';
import { DeadLetterError, DeadLettersExhaustedError } from './dispatcher.ts';

const limits = { maxRecords: 5, maxBytes: 1_000_000 };

function batchConsumer(handler: BatchHandler, options: { maxBytes?: number; partitions?: number } = {}) {
  const buried: ConsumedRecord[] = [];
  const consumer = new SimulatedConsumer(() => Promise.resolve(), {
    partitions: options.partitions ?? 1,
    publishDeadLetter: async (record) => void buried.push(record),
    createDispatcher: (host) =>
      new BatchDispatcher({ handler, limits: { ...limits, maxBytes: options.maxBytes ?? limits.maxBytes }, host }),
  });
  return { consumer, buried };
}

const offsets = (records: readonly ConsumedRecord[]) => records.map(({ offset }) => offset);

describe('batches', () => {
  test('come one at a time, up to the limit, of what has gathered meanwhile', async () => {
    const batches: number[][] = [];
    const gates: (() => void)[] = [];
    const { consumer } = batchConsumer((records) => {
      batches.push(offsets(records));
      return new Promise((resolve) => gates.push(resolve));
    });
    consumer.append(1);
    consumer.start();
    await consumer.pass(1_000);
    consumer.append(7);
    await consumer.pass(1_000);
    expect(batches).toEqual([[0]]);

    gates.shift()!();
    await consumer.pass(100);
    gates.shift()!();
    await consumer.pass(100);
    gates.shift()!();
    await consumer.pass(1_000);
    expect(batches).toEqual([[0], [1, 2, 3, 4, 5], [6, 7]]);
    expect(consumer.commits.at(-1)?.offset).toBe(8);
  });

  test('end with the record that goes over the limit of bytes', async () => {
    const batches: number[][] = [];
    const { consumer } = batchConsumer(async (records) => void batches.push(offsets(records)), { maxBytes: 400 });
    consumer.append(4);
    consumer.start();
    await consumer.pass(1_000);
    expect(batches).toEqual([
      [0, 1],
      [2, 3],
    ]);
  });

  test('that fail come again as they were, until they work', async () => {
    const batches: number[][] = [];
    const { consumer } = batchConsumer(async (records) => {
      batches.push(offsets(records));
      if (batches.length < 3) throw new Error('the store is away');
    });
    consumer.append(3);
    consumer.start();
    await consumer.pass(10_000);
    expect(batches).toEqual([
      [0, 1, 2],
      [0, 1, 2],
      [0, 1, 2],
    ]);
    expect(consumer.commits.at(-1)?.offset).toBe(3);
  });

  test('lose the one record that is refused by name, and come again without it', async () => {
    const batches: number[][] = [];
    const { consumer, buried } = batchConsumer(async (records) => {
      batches.push(offsets(records));
      const bad = records.find(({ offset }) => offset === 1);
      if (bad) throw new DeadLetterError('bad', { record: bad });
    });
    consumer.append(3);
    consumer.start();
    await consumer.pass(1_000);
    expect(batches).toEqual([
      [0, 1, 2],
      [0, 2],
    ]);
    expect(offsets(buried)).toEqual([1]);
    expect(consumer.commits.at(-1)?.offset).toBe(3);
  });

  test('come record by record when one is refused without a name, so that only the bad one is buried', async () => {
    const batches: number[][] = [];
    const { consumer, buried } = batchConsumer(async (records) => {
      batches.push(offsets(records));
      if (records.some(({ offset }) => offset === 1)) throw new DeadLetterError('bad');
    });
    consumer.append(3);
    consumer.start();
    await consumer.pass(1_000);
    expect(batches).toEqual([[0, 1, 2], [0], [1], [2]]);
    expect(offsets(buried)).toEqual([1]);
    expect(consumer.commits.at(-1)?.offset).toBe(3);
  });

  test('stop the one partition whose record has no room in the dead letters, and go on with the others', async () => {
    const batches: [number, number][][] = [];
    const { consumer } = batchConsumer(
      async (records) => {
        batches.push(records.map(({ partition, offset }) => [partition, offset]));
        const bad = records.find(({ partition, offset }) => partition === 0 && offset === 1);
        if (bad) throw new DeadLettersExhaustedError('no room', { record: bad });
      },
      { partitions: 2 },
    );
    consumer.append(2, 0);
    consumer.append(2, 1);
    consumer.start();
    await consumer.pass(1_000);
    consumer.append(1, 0);
    consumer.append(1, 1);
    await consumer.pass(1_000);
    const [stopped, other] = consumer.engine.assignments.partitions;
    expect([stopped?.stoppedBecause, other?.stoppedBecause]).toEqual(['no room', null]);
    expect(batches.flat().filter(([partition]) => partition === 1)).toEqual(
      expect.arrayContaining([
        [1, 0],
        [1, 1],
        [1, 2],
      ]),
    );
    expect(batches.at(-1)).toEqual([[1, 2]]);
  });

  test('stop all their partitions when the dead letters do not say for which record they have no room', async () => {
    const { consumer } = batchConsumer(() => Promise.reject(new DeadLettersExhaustedError('nowhere')), {
      partitions: 2,
    });
    consumer.append(1, 0);
    consumer.append(1, 1);
    consumer.start();
    await consumer.pass(1_000);
    expect(consumer.engine.assignments.partitions.map(({ stoppedBecause }) => stoppedBecause)).toEqual([
      'nowhere',
      'nowhere',
    ]);
  });

  test('go on without the records of a partition that is lost, and are aborted only when all are', async () => {
    const batches: [number, number][][] = [];
    const signals: AbortSignal[] = [];
    let end: () => void = () => undefined;
    let fail: (error: Error) => void = () => undefined;
    const { consumer } = batchConsumer(
      (records, { signal }) => {
        batches.push(records.map(({ partition, offset }) => [partition, offset]));
        signals.push(signal);
        return new Promise((resolve, reject) => {
          end = resolve;
          fail = reject;
        });
      },
      { partitions: 2 },
    );
    consumer.append(1, 0);
    consumer.start();
    await consumer.pass(1_000);
    consumer.append(1, 0);
    consumer.append(1, 1);
    await consumer.pass(1_000);
    end();
    await consumer.pass(1_000);
    expect(batches.at(-1)).toEqual([
      [0, 1],
      [1, 0],
    ]);

    const membership = { ...consumer.engine.assignments.membership!, generation: 2 };
    consumer.engine.assigned(membership, [{ topic: 'work', partition: 1 }]);
    expect(signals[1]!.aborted).toBe(false);
    fail(new Error('the store is away'));
    await consumer.pass(1_000);
    expect(batches.at(-1)).toEqual([[1, 0]]);

    consumer.engine.assigned({ ...membership, generation: 3 }, []);
    expect(signals[2]!.aborted).toBe(true);
  });
});
