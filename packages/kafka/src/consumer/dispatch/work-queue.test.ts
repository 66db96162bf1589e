import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { ConsumedRecord } from '../../record.ts';
import { OwnedPartition } from '../partitions/owned-partition.ts';
import { WorkQueue, type Gate, type Work } from './work-queue.ts';

function record(partition: number, offset: number, key: string | null): ConsumedRecord {
  return { topic: 't', partition, offset, key, value: Buffer.alloc(10), headers: {}, timestampMs: 0 };
}

function partitions(count: number): OwnedPartition[] {
  return Array.from({ length: count }, (_, partition) => new OwnedPartition({ topic: 't', partition }));
}

const open: Gate = { mayStart: () => true, admit: () => true };

describe('WorkQueue', () => {
  test('by key: one at a time a key, in log order, and nothing else waits for it', () => {
    const added = fc.array(fc.tuple(fc.nat({ max: 2 }), fc.constantFrom('x', 'y', 'z', null)), { maxLength: 60 });
    fc.assert(
      fc.property(added, fc.array(fc.nat(), { maxLength: 200 }), (records, picks) => {
        const sources = partitions(3);
        const queue = new WorkQueue('key');
        for (const [offset, [partition, key]] of records.entries())
          queue.add(sources[partition]!, [record(partition, offset, key)]);

        const running: Work[] = [];
        const lastOfKey = new Map<string, number>();
        let started = 0;
        const start = () => {
          for (let work = queue.take(open); work !== null; work = queue.take(open)) {
            const { key, partition, offset } = work.record;
            started += 1;
            if (key !== null) {
              expect(running.some((other) => other.record.key === key && other.record.partition === partition)).toBe(
                false,
              );
              expect(offset).toBeGreaterThan(lastOfKey.get(`${partition}/${key}`) ?? -1);
              lastOfKey.set(`${partition}/${key}`, offset);
            }
            running.push(work);
          }
        };

        start();
        for (const pick of picks) {
          if (running.length === 0) break;
          queue.done(running.splice(pick % running.length, 1)[0]!);
          start();
        }
        while (running.length > 0) {
          queue.done(running.shift()!);
          start();
        }
        expect(started).toBe(records.length);
        expect([queue.records, queue.bytes]).toEqual([0, 0]);
        expect(sources.map(({ bufferedRecords, bufferedBytes }) => [bufferedRecords, bufferedBytes])).toEqual([
          [0, 0],
          [0, 0],
          [0, 0],
        ]);
      }),
    );
  });

  test('unordered: records of one key run side by side', () => {
    const [source] = partitions(1);
    const queue = new WorkQueue('unordered');
    queue.add(source!, [record(0, 0, 'x'), record(0, 1, 'x')]);
    expect(queue.take(open)?.record.offset).toBe(0);
    expect(queue.take(open)?.record.offset).toBe(1);
  });

  test('partitions take turns', () => {
    const [first, second] = partitions(2);
    const queue = new WorkQueue('unordered');
    queue.add(first!, [record(0, 0, null), record(0, 1, null), record(0, 2, null)]);
    queue.add(second!, [record(1, 0, null), record(1, 1, null)]);
    const order = Array.from({ length: 5 }, () => queue.take(open)!.record);
    expect(order.map(({ partition }) => partition)).toEqual([0, 1, 0, 1, 0]);
  });

  test('a partition that takes nothing more holds up no other', () => {
    const [full, free] = partitions(2);
    const queue = new WorkQueue('unordered');
    queue.add(full!, [record(0, 0, null)]);
    queue.add(free!, [record(1, 0, null)]);
    const gate: Gate = { ...open, admit: (partition) => partition !== full };
    expect(queue.take(gate)?.record.partition).toBe(1);
    expect(queue.take(gate)).toBeNull();
    expect(full!.bufferedRecords).toBe(1);
  });

  test('a lost partition is forgotten with all that waits, and what it has running frees its keys all the same', () => {
    const [lost, kept] = partitions(2);
    const queue = new WorkQueue('key');
    queue.add(lost!, [record(0, 0, 'x'), record(0, 1, 'x'), record(0, 2, 'y')]);
    queue.add(kept!, [record(1, 0, 'x')]);
    const running = queue.take(open)!;
    expect(running.record).toMatchObject({ partition: 0, offset: 0 });

    queue.drop(lost!);

    expect(lost!.bufferedRecords).toBe(0);
    expect(queue.take(open)?.record.partition).toBe(1);
    expect(queue.take(open)).toBeNull();
    // It comes back while its old handler still runs: the key stays busy until that has ended.
    const [back] = partitions(1);
    queue.add(back!, [record(0, 1, 'x')]);
    expect(queue.take(open)).toBeNull();
    queue.done(running);
    expect(queue.take(open)?.record.offset).toBe(1);
  });
});
