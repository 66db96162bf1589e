import { expect, test } from '@jest/globals';
import { tasksAhead } from './thread-lane.ts';

test.each([
  [2, 0.2, 32],
  [2, 10, 10],
  [2, 50, 2],
  [4, 3_600_000, 4],
])('with %i threads and runs of %d ms, %i tasks start ahead', (threads, meanRunMs, ahead) => {
  expect(tasksAhead(threads, meanRunMs)).toBe(ahead);
});
