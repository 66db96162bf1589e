import { describe, expect, test } from '@jest/globals';
import { hasCaughtUp, progressLine, progressOf } from './progress.rules.ts';

const partition = (id: string, logStart: number, logEnd: number, checkpoint?: number) => ({
  id,
  logStart,
  logEnd,
  checkpoint,
});

describe('the progress of a rebuild', () => {
  test('counts what the log holds, also where it has not begun, or retention was faster', () => {
    expect(progressOf([partition('a', 10, 110, 60), partition('b', 0, 50), partition('c', 30, 40, 20)])).toEqual({
      total: 160,
      done: 50,
    });
  });

  test('has caught up once each partition has what its log had at the look before', () => {
    const earlier = [partition('a', 0, 100, 90), partition('b', 0, 50, 50)];
    expect(hasCaughtUp(earlier, [partition('a', 0, 130, 100), partition('b', 0, 60, 50)])).toBe(true);
    expect(hasCaughtUp(earlier, [partition('a', 0, 130, 99), partition('b', 0, 60, 60)])).toBe(false);
    expect(hasCaughtUp(earlier, [partition('a', 0, 130, 100)])).toBe(false);
    expect(hasCaughtUp([], [partition('a', 0, 0, 0)])).toBe(false);
  });

  test.each([
    [{ total: 1_000, done: 500 }, 100, 2_000, '50 %  500 of 1,000 events, 200/s, time left 3 s'],
    [{ total: 100_000, done: 1_000 }, 0, 1_000, '1 %  1,000 of 100,000 events, 1,000/s, time left 1 min 39 s'],
    [{ total: 9_000_000, done: 1_000 }, 0, 1_000, 'time left 2 h 29 min'],
    [{ total: 10, done: 0 }, 0, 0, '0 %  0 of 10 events, 0/s, time left unknown'],
    [{ total: 0, done: 0 }, 0, 0, '100 %  0 of 0 events'],
  ])('says %j as a line', (progress, startedDone, elapsedMs, line) => {
    expect(progressLine(progress, startedDone, elapsedMs)).toContain(line);
  });
});
