import { expect, test } from '@jest/globals';
import { rangesToRead } from './memory-rebuild.ts';

const attempts = { logStart: 5, logEnd: 100 };

function rangesOf(committed: number | null | undefined, maxRecords = 10) {
  const completed = committed === undefined ? undefined : { logStart: 20, logEnd: 50, committed };
  const ranges = rangesToRead(3, { completed, attempts, maxRecords });
  return ranges.map(({ topic, from, to }) => `${topic} ${from}-${to}`);
}

test('the last attempts, and the completions before the offset of the group', () => {
  expect(rangesOf(40)).toEqual(['notifications.attempted 90-100', 'tasks.completed 30-40']);
});

test('no more than the log has', () => {
  expect(rangesOf(40, 1_000)).toEqual(['notifications.attempted 5-100', 'tasks.completed 20-40']);
});

test.each([null, 19, 51])(
  'all attempts when the offset of the group is %j: all completions are read again',
  (offset) => {
    expect(rangesOf(offset)).toEqual(['notifications.attempted 5-100']);
  },
);

test('the last attempts alone when the completions of the partition are not assigned', () => {
  expect(rangesOf(undefined)).toEqual(['notifications.attempted 90-100']);
});
