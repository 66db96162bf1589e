import { describe, expect, test } from '@jest/globals';
import { partitionFor } from './partitioner.ts';
import { PartitionCounts, unknownTopicRetryMs } from './partitions.ts';

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
