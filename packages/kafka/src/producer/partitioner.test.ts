import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { Partitioners } from 'kafkajs';
import { anyCharacter } from '@nask/testkit/any-text';
import { murmur2, partitionFor } from './partitioner.ts';

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
