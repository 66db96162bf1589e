import { expect, test } from '@jest/globals';
import { createRateLimit } from './rate-limit.ts';

test('so many a second, and no more saved up than for one', () => {
  let now = 0;
  const allowed = createRateLimit(10, () => now);
  const burst = () => Array.from({ length: 50 }, allowed).filter(Boolean).length;
  expect(burst()).toBe(10);
  now = 500;
  expect(burst()).toBe(5);
  now = 100_000;
  expect(burst()).toBe(10);
});
