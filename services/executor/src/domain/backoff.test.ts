import { expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { backoffMs } from './backoff.ts';

test('waits double with each failure, up to the limit, with jitter over the whole range', () => {
  expect([1, 2, 3, 20].map((failures) => backoffMs(failures, 0.5))).toEqual([50, 100, 200, 750]);
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 2_000 }),
      fc.double({ min: 0, max: 0.999, noNaN: true }),
      (failures, random) => {
        const wait = backoffMs(failures, random);
        expect(wait).toBeGreaterThanOrEqual(0);
        expect(wait).toBeLessThan(1_500);
      },
    ),
  );
});
