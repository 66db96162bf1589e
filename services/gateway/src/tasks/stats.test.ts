import { expect, test } from '@jest/globals';
import { keepAnswer, statsOf } from './stats.ts';

const at = { nowMs: 100_000, windowMs: 60_000 };
const lag = (events: number, seconds: number, measuredAtMs: number) => ({
  _id: 'tasks.requested/0',
  events,
  seconds,
  measured_at: new Date(measuredAtMs),
});

test('counts by status and by type, and what was done in the window', () => {
  const counts = [
    { status: 'SUCCESS', type: 'prime', count: 5, accepted: 3, ended: 2 },
    { status: 'PENDING', type: 'prime', count: 1, accepted: 1, ended: 0 },
    { status: 'SUCCESS', type: 'sleep', count: 2, accepted: 0, ended: 1 },
  ] as const;
  const none = { PENDING: 0, STARTED: 0, RETRY: 0, SUCCESS: 0, FAILURE: 0, REVOKED: 0 };
  expect(statsOf(counts, [], at)).toEqual({
    as_of: '1970-01-01T00:01:40.000Z',
    tasks: {
      total: 8,
      by_status: { ...none, SUCCESS: 7, PENDING: 1 },
      by_type: { prime: { ...none, SUCCESS: 5, PENDING: 1 }, sleep: { ...none, SUCCESS: 2 } },
    },
    throughput: { window_seconds: 60, accepted_per_second: 0.07, ended_per_second: 0.05 },
    projection_lag: { seconds: 0, events: 0, measured_at: null },
  });
});

test('the lag is that of the partition that is furthest behind, and grows while the projector is away', () => {
  const lags = [lag(3, 1.5, 99_000), lag(2, 0.25, 90_000), lag(0, 0, 1)];
  expect(statsOf([], lags, at).projection_lag).toEqual({
    seconds: 10.25,
    events: 5,
    measured_at: '1970-01-01T00:01:39.000Z',
  });
});

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
