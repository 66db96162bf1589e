import { expect, test } from '@jest/globals';
import { createPace } from './pace.ts';

test('calls go on in steps, so many a second, in their order, and at once where there are few', () => {
  let now = 5_000;
  const turn = createPace(1_000, () => now);
  const turns = Array.from({ length: 2_500 }, turn);
  expect(turns).toEqual(turns.toSorted((a, b) => a - b));
  const within = (fromMs: number, toMs: number) => turns.filter((at) => at >= fromMs && at < toMs).length;
  expect([within(5_000, 5_100), within(5_000, 6_000), within(6_000, 7_000)]).toEqual([100, 1_000, 1_000]);
  now = 60_000;
  expect(turn()).toBeLessThanOrEqual(now);
});
