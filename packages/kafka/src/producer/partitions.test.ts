import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { Partitioners } from 'kafkajs';
import { anyCharacter } from '@nask/testkit/any-text';
import { murmur2, PartitionCounts, partitionFor, unknownTopicRetryMs } from './partitions.ts';

const record = { topic: 'a', key: '42', value: Buffer.alloc(0) };

describe('the partition counts', () => {
  test('a record has no partition until its topic was looked up', async () => {
    const partitions = new PartitionCounts(async () => 12);
    expect(partitions.partitionOf(record)).toBeUndefined();
    expect(await partitions.lookUp(['a'], 0)).toBe(true);
    expect(partitions.partitionOf(record)).toBe(partitionFor('42', 12));
  });

  test('a topic that does not exist is asked about again, but not at once', async () => {
    const asked: string[] = [];
    const partitions = new PartitionCounts(async (topic) => {
      asked.push(topic);
      return undefined;
    });
    expect(await partitions.lookUp(['a'], 0)).toBe(false);
    await partitions.lookUp(['a'], unknownTopicRetryMs - 1);
    expect(asked).toEqual(['a']);
    await partitions.lookUp(['a'], unknownTopicRetryMs);
    expect(asked).toEqual(['a', 'a']);
    expect(partitions.partitionOf(record)).toBeUndefined();
  });

  test('a refresh sees a count that grew, and a topic that is gone', async () => {
    let count: number | undefined = 1;
    const partitions = new PartitionCounts(async () => count);
    await partitions.lookUp(['a'], 0);
    expect(partitions.partitionOf(record)).toBe(0);
    count = 1000;
    await partitions.refresh(1);
    expect(partitions.partitionOf(record)).toBe(partitionFor('42', 1000));
    count = undefined;
    await partitions.refresh(2);
    expect(partitions.partitionOf(record)).toBeUndefined();
  });
});

describe('the partitioner', () => {
  // The vectors of org.apache.kafka.common.utils.UtilsTest.testMurmur2.
  test.each([
    ['21', -973932308],
    ['foobar', -790332482],
    ['a-little-bit-long-string', -985981536],
    ['a-little-bit-longer-string', -1486304829],
    ['lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8', -58897971],
    ['abc', 479470107],
  ])('hashes %s as the Java client does', (key, hash) => {
    expect(murmur2(Buffer.from(key))).toBe(hash);
  });

  test("agrees with kafkajs's Java-compatible partitioner for every key and count", () => {
    const theirs = Partitioners.JavaCompatiblePartitioner();
    const text = fc.string({ unit: anyCharacter, minLength: 1 });
    fc.assert(
      fc.property(text, fc.integer({ min: 1, max: 200 }), (key, partitionCount) => {
        const partitionMetadata = Array.from({ length: partitionCount }, (_, partitionId) => ({
          partitionId,
          leader: 1,
        }));
        const message = { key, value: null };
        expect(partitionFor(key, partitionCount)).toBe(theirs({ topic: 't', partitionMetadata, message } as never));
      }),
      { numRuns: 40 },
    );
  });
});
