import { afterEach, beforeEach, expect, jest, test } from '@jest/globals';
import { createProgress } from './output.ts';

beforeEach(() => void jest.useFakeTimers());
afterEach(() => void jest.useRealTimers());

test('the reminder of a long step has its latest reason, and there is none after its end', () => {
  const lines: string[] = [];
  let reason: string | undefined;
  const progress = createProgress((line) => void lines.push(line.trim().replace(/^\S+ s +/, '')));
  progress.step('gateway', 'ended by itself', { reminder: 'starting again', reason: () => reason });
  jest.advanceTimersByTime(10_000);
  reason = 'store: does not answer';
  jest.advanceTimersByTime(10_000);
  progress.done('gateway', 'ready');
  jest.advanceTimersByTime(20_000);
  progress.close();
  expect(lines.map((line) => line.replace(/^gateway +/, ''))).toEqual([
    'ended by itself',
    'starting again, for 10 s now',
    'starting again, for 20 s now (store: does not answer)',
    'ready',
  ]);
});
