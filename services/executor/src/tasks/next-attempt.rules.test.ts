import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { TaskAttemptFailed, TaskStarted } from '@nask/schemas';
import {
  afterCrash,
  afterFailure,
  afterStart,
  firstAttempt,
  isGivenUp,
  maxTrials,
  nextAttemptAtMs,
  timeLimitMs,
  trialDurationMs,
  type NextAttempt,
} from './next-attempt.rules.ts';

const start = (change: Partial<TaskStarted> = {}): TaskStarted => ({
  event_id: 's',
  task_id: 4,
  attempt: 1,
  executor: 'x',
  started_at: 1_000,
  crashes: 0,
  trial: 0,
  taken_at: null,
  ...change,
});
const failed = (change: Partial<TaskAttemptFailed> = {}): TaskAttemptFailed => ({
  event_id: 'f',
  task_id: 4,
  attempt: 1,
  executor: 'x',
  error: { code: 'c', message: 'm', causes: [] },
  failed_at: 2_000,
  next_attempt_at: 3_000,
  ...change,
});

describe('what the log says of a task', () => {
  test('an attempt that was started twice began with the first start', () => {
    const next = [start(), start({ started_at: 5_000 })].reduce(afterStart, firstAttempt);
    expect(next).toMatchObject({ attempt: 1, startedAtMs: 1_000 });
  });

  test('after a failed attempt the next is due at its time', () => {
    const next = afterFailure(afterStart(firstAttempt, start()), failed());
    expect(next).toMatchObject({ attempt: 2, startedAtMs: null, dueAtMs: 3_000 });
  });

  test('a failure of an attempt that another has followed changes nothing', () => {
    const second = start({ attempt: 2, started_at: 3_000 });
    const next = afterFailure([start(), second].reduce(afterStart, firstAttempt), failed());
    expect(next).toMatchObject({ attempt: 2, startedAtMs: 3_000 });
  });

  test('a late start of an earlier attempt changes nothing', () => {
    const second = start({ attempt: 2, started_at: 3_000 });
    expect([second, start()].reduce(afterStart, firstAttempt)).toMatchObject({ attempt: 2, startedAtMs: 3_000 });
  });
});

describe('a process that dies', () => {
  const running = afterStart(firstAttempt, start());

  test('puts what it was running on trial, and nothing else', () => {
    expect(afterCrash(running)).toMatchObject({ crashes: 1, trial: 1 });
    expect(afterCrash(firstAttempt)).toBe(firstAttempt);
    const waiting = afterFailure(running, failed());
    expect(afterCrash(waiting)).toBe(waiting);
  });

  test('is counted against a task only while it is on trial', () => {
    // It passes each trial, and is running when something else brings the process down.
    let innocent: NextAttempt = running;
    for (let crash = 1; crash <= 20; crash++) {
      const { crashes } = (innocent = afterCrash(innocent));
      expect([crashes, innocent.trial, isGivenUp(innocent)]).toEqual([crash, 1, false]);
      innocent = afterStart(innocent, start({ crashes, trial: 0 }));
    }
  });

  test('time and again while the same task is on trial: it is given up', () => {
    let guilty: NextAttempt = running;
    let deliveries = 1;
    while (!isGivenUp((guilty = afterCrash(guilty)))) {
      deliveries++;
      guilty = afterStart(guilty, start({ crashes: guilty.crashes, trial: guilty.trial }));
    }
    expect(deliveries).toBe(1 + maxTrials);
  });
});

test('a trial takes longer each time', () => {
  const durations = [1, 2, 3, 4].map((crashes) => trialDurationMs({ ...firstAttempt, crashes }));
  expect(durations).toEqual([10, 50, 250, 1_250]);
  expect(trialDurationMs({ ...firstAttempt, crashes: 1_000 })).toBe(86_400_000);
});

describe('after a failed attempt', () => {
  const retry = { maxAttempts: 4, baseDelayMs: 100, maxDelayMs: 300 };

  test.each([
    [1, 0, 50],
    [1, 0.5, 75],
    [2, 0, 100],
    [3, 0, 150],
    [3, 0.999, 300],
  ])('attempt %i with chance %d: the next one is due %i ms later', (attempt, random, delayMs) => {
    expect(nextAttemptAtMs({ retry }, attempt, 1_000, random)).toBe(1_000 + delayMs);
  });

  test('the last one there is none', () => {
    expect(nextAttemptAtMs({ retry }, 4, 1_000, 0)).toBeNull();
    expect(nextAttemptAtMs({ retry: { maxAttempts: 1 } }, 1, 1_000, 0)).toBeNull();
  });

  test('it is never before now, and never later than the most', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 3 }),
        fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
        (attempt, random) => {
          const delayMs = nextAttemptAtMs({ retry }, attempt, 1_000, random)! - 1_000;
          expect(delayMs).toBeGreaterThan(0);
          expect(delayMs).toBeLessThanOrEqual(300);
        },
      ),
    );
  });
});

test('the time limit is the type’s, or a lower one of the request', () => {
  expect(timeLimitMs({ timeLimitMs: 500 }, null)).toBe(500);
  expect(timeLimitMs({ timeLimitMs: 500 }, 100)).toBe(100);
  expect(timeLimitMs({ timeLimitMs: 500 }, 9_000)).toBe(500);
  expect(timeLimitMs({}, null)).toBeGreaterThan(86_400_000);
});
