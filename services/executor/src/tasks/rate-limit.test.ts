import { expect, test } from '@jest/globals';
import { createRateLimit } from './rate-limit.ts';

test.each([
  ['a second’s worth', 10, undefined, [10, 5, 10]],
  ['a burst of its own', 1, 3, [3, 0, 3]],
])('a rate limit holds %s, and no more', (_, perSecond, burst, [first, halfASecondLater, muchLater]) => {
  let now = 0;
  const allowed = createRateLimit(perSecond, { nowMs: () => now, ...(burst === undefined ? {} : { burst }) });
  const calls = () => Array.from({ length: 50 }, allowed).filter(Boolean).length;
  expect(calls()).toBe(first);
  now = 500;
  expect(calls()).toBe(halfASecondLater);
  now = 100_000;
  expect(calls()).toBe(muchLater);
});
