import { describe, expect, test } from '@jest/globals';
import { deadlineIn, settledWithin } from './deadline.ts';

test('a deadline counts down to 0 and no further', () => {
  let nowMs = 1_000;
  const deadline = deadlineIn(50, () => nowMs);
  expect(deadline.remainingMs()).toBe(50);
  nowMs = 1_020;
  expect(deadline.remainingMs()).toBe(30);
  nowMs = 2_000;
  expect(deadline.remainingMs()).toBe(0);
});

describe('settledWithin', () => {
  test('says whether the promise was settled in time', async () => {
    expect(await settledWithin(Promise.resolve(), 60_000)).toBe('settled');
    expect(await settledWithin(new Promise(() => {}), 1)).toBe('overdue');
  });

  test('passes on a rejection', async () => {
    await expect(settledWithin(Promise.reject(new Error('no')), 60_000)).rejects.toThrow('no');
  });
});
