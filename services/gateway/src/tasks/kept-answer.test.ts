import { expect, test } from '@jest/globals';
import { keepAnswer } from './stats.ts';

function costing(costMs: number) {
  const world = { nowMs: 0, asked: 0, fails: false };
  const answer = keepAnswer(
    async () => {
      world.nowMs += costMs;
      if (world.fails) throw new Error('away');
      return ++world.asked;
    },
    { nowMs: () => world.nowMs, minAgeMs: 100, costFactor: 10 },
  );
  return { world, answer };
}

test('an answer is kept for a while, and asked for once by all', async () => {
  const { world, answer } = costing(1);
  expect(await Promise.all([answer(), answer(), answer()])).toEqual([1, 1, 1]);
  world.nowMs += 99;
  expect(await answer()).toBe(1);
  world.nowMs += 1;
  expect(await answer()).toBe(2);
});

test('the longer the more it cost', async () => {
  const { world, answer } = costing(50);
  await answer();
  world.nowMs += 499;
  expect(await answer()).toBe(1);
  world.nowMs += 1;
  expect(await answer()).toBe(2);
});

test('a failure is not kept', async () => {
  const { world, answer } = costing(1);
  world.fails = true;
  await expect(answer()).rejects.toThrow('away');
  world.fails = false;
  expect(await answer()).toBe(1);
});
