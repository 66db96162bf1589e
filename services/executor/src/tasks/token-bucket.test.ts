import { expect, test } from '@jest/globals';
import { createTokenBucket } from './token-bucket.ts';

test.each([
  ['a second’s worth', 10, undefined, [10, 5, 10]],
  ['a burst of its own', 1, 3, [3, 0, 3]],
])('a token bucket holds %s, and no more', (_, perSecond, burst, [first, halfASecondLater, muchLater]) => {
  let now = 0;
  const allowed = createTokenBucket(perSecond, burst, () => now);
  const calls = () => Array.from({ length: 50 }, allowed).filter(Boolean).length;
  expect(calls()).toBe(first);
  now = 500;
  expect(calls()).toBe(halfASecondLater);
  now = 100_000;
  expect(calls()).toBe(muchLater);
});
