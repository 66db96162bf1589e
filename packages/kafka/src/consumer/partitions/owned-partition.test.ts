import { expect, test } from '@jest/globals';
import { OwnedPartition, PartitionAbortedError } from './owned-partition.ts';

const newPartition = () => new OwnedPartition({ topic: 'a', partition: 0 });

test('given handlers with signals of their own, when the partition is aborted, then all fire that are not released', () => {
  const partition = newPartition();
  const [running, ended] = [partition.handlerSignal(), partition.handlerSignal()];
  ended.release();
  partition.abort('it is gone');
  expect(running.signal).not.toBe(ended.signal);
  expect(running.signal.reason).toBeInstanceOf(PartitionAbortedError);
  expect(ended.signal.aborted).toBe(false);
});

test('given a partition that is aborted, when a handler begins, then its signal has fired', () => {
  const partition = newPartition();
  partition.abort('it is gone');
  expect(partition.handlerSignal().signal.reason).toBe(partition.signal.reason);
});
