import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { BatchQueue, type BatchLimits, type Queueable } from './batch-queue.ts';

interface Item extends Queueable {
  id: number;
  partition: string | undefined;
}

const queueLimits = { maxRecords: 1000, maxBytes: 1_000_000 };
const partitionOf = ({ partition }: Item) => partition;

const items = fc
  .array(
    fc.record({
      sizeBytes: fc.integer({ min: 1, max: 120 }),
      alone: fc.boolean(),
      partition: fc.constantFrom('a/0', 'a/1', 'b/0', undefined),
    }),
    { maxLength: 60 },
  )
  .map((list): Item[] => list.map((item, id) => ({ ...item, id })));

const limits: fc.Arbitrary<BatchLimits> = fc.record({
  maxRecords: fc.integer({ min: 1, max: 10 }),
  maxBytes: fc.integer({ min: 1, max: 300 }),
  maxBytesPerPartition: fc.integer({ min: 1, max: 200 }),
});

function queueOf(list: readonly Item[]): BatchQueue<Item> {
  const queue = new BatchQueue<Item>(queueLimits);
  for (const item of list) queue.add(item);
  return queue;
}

function drain(queue: BatchQueue<Item>, batchLimits: BatchLimits): Item[][] {
  const batches: Item[][] = [];
  for (let batch = queue.take(batchLimits, partitionOf); batch.length > 0; batch = queue.take(batchLimits, partitionOf))
    batches.push(batch);
  return batches;
}

describe('the batch queue', () => {
  test('sends each record that has a partition once, in order within its partition, and keeps the others', () => {
    fc.assert(
      fc.property(items, limits, (list, batchLimits) => {
        const queue = queueOf(list);
        const sent = drain(queue, batchLimits).flat();
        for (const partition of ['a/0', 'a/1', 'b/0']) {
          const isIn = (item: Item) => item.partition === partition;
          expect(sent.filter(isIn)).toEqual(list.filter(isIn));
        }
        const kept = list.filter((item) => item.partition === undefined);
        expect(sent).toHaveLength(list.length - kept.length);
        expect(queue.size).toBe(kept.length);
        expect(queue.bytes).toBe(sum(kept));
      }),
    );
  });

  test('no batch passes a limit, but for a single record that is larger than the limit of bytes', () => {
    fc.assert(
      fc.property(items, limits, (list, batchLimits) => {
        for (const batch of drain(queueOf(list), batchLimits)) {
          expect(batch.length).toBeLessThanOrEqual(batchLimits.maxRecords);
          if (batch.length > 1) expect(sum(batch)).toBeLessThanOrEqual(batchLimits.maxBytes);
          for (const records of Map.groupBy(batch, partitionOf).values())
            if (records.length > 1) expect(sum(records)).toBeLessThanOrEqual(batchLimits.maxBytesPerPartition);
        }
      }),
    );
  });

  test('a record that goes alone shares its batch with none', () => {
    fc.assert(
      fc.property(items, limits, (list, batchLimits) => {
        for (const batch of drain(queueOf(list), batchLimits))
          if (batch.some(({ alone }) => alone)) expect(batch).toHaveLength(1);
      }),
    );
  });

  test('a record that was removed is in no batch, and its room is free again', () => {
    fc.assert(
      fc.property(items, fc.infiniteStream(fc.boolean()), limits, (list, removals, batchLimits) => {
        const queue = queueOf(list);
        const removed = list.filter(() => removals.next().value);
        for (const item of removed) expect(queue.remove(item)).toBe(true);
        for (const item of removed) expect(queue.remove(item)).toBe(false);
        expect(queue.bytes).toBe(sum(list) - sum(removed));
        const gone = new Set(removed.map(({ id }) => id));
        expect(
          drain(queue, batchLimits)
            .flat()
            .filter(({ id }) => gone.has(id)),
        ).toEqual([]);
      }),
    );
  });

  test('has room up to its limits of records and of bytes, and not beyond', () => {
    const item = (id: number, sizeBytes: number): Item => ({ id, sizeBytes, alone: false, partition: 'a/0' });
    const queue = new BatchQueue<Item>({ maxRecords: 2, maxBytes: 100 });
    queue.add(item(1, 60));
    expect(queue.hasRoomFor(40)).toBe(true);
    expect(queue.hasRoomFor(41)).toBe(false);
    expect(() => queue.add(item(2, 41))).toThrow(RangeError);
    queue.add(item(3, 10));
    expect(queue.hasRoomFor(1)).toBe(false);
    expect(queue.size).toBe(2);
  });
});

function sum(list: readonly Item[]): number {
  return list.reduce((bytes, { sizeBytes }) => bytes + sizeBytes, 0);
}
