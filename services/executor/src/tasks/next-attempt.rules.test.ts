import { describe, expect, test } from '@jest/globals';
import type { TaskAttemptFailed, TaskStarted } from '@nask/schemas';
import {
  afterCrash,
  afterFailure,
  afterStart,
  isGivenUp,
  maxTrials,
  newTask,
  trialDurationMs,
  type TaskHistory,
} from './next-attempt.rules.ts';

const start = (change: Partial<TaskStarted> = {}): TaskStarted => ({
  event_id: 's',
  task_id: 4,
  attempt: 1,
  executor: 'x',
  started_at: 1_000,
  crashes: 0,
  trial: 0,
  ...change,
});
const failed = (change: Partial<TaskAttemptFailed> = {}): TaskAttemptFailed => ({
  event_id: 'f',
  task_id: 4,
  attempt: 1,
  executor: 'x',
  error: { code: 'c', message: 'm' },
  failed_at: 2_000,
  next_attempt_at: 3_000,
  ...change,
});

describe('what the log says of a task', () => {
  test('an attempt that was started twice began with the first start', () => {
    const history = [start(), start({ started_at: 5_000 })].reduce(afterStart, newTask);
    expect(history).toMatchObject({ attempt: 1, startedAtMs: 1_000 });
  });

  test('after a failed attempt the next is due at its time', () => {
    const history = afterFailure(afterStart(newTask, start()), failed());
    expect(history).toMatchObject({ attempt: 2, startedAtMs: null, dueAtMs: 3_000 });
  });

  test('a failure of an attempt that another has followed changes nothing', () => {
    const second = start({ attempt: 2, started_at: 3_000 });
    const history = afterFailure([start(), second].reduce(afterStart, newTask), failed());
    expect(history).toMatchObject({ attempt: 2, startedAtMs: 3_000 });
  });

  test('a late start of an earlier attempt changes nothing', () => {
    const second = start({ attempt: 2, started_at: 3_000 });
    expect([second, start()].reduce(afterStart, newTask)).toMatchObject({ attempt: 2, startedAtMs: 3_000 });
  });
});

describe('a process that dies', () => {
  const running = afterStart(newTask, start());

  test('puts what it was running on trial, and nothing else', () => {
    expect(afterCrash(running)).toMatchObject({ crashes: 1, trial: 1 });
    expect(afterCrash(newTask)).toBe(newTask);
    const waiting = afterFailure(running, failed());
    expect(afterCrash(waiting)).toBe(waiting);
  });

  test('is counted against a task only while it is on trial', () => {
    // It passes each trial, and is running when something else brings the process down.
    let innocent: TaskHistory = running;
    for (let crash = 1; crash <= 20; crash++) {
      const { crashes } = (innocent = afterCrash(innocent));
      expect([crashes, innocent.trial, isGivenUp(innocent)]).toEqual([crash, 1, false]);
      innocent = afterStart(innocent, start({ crashes, trial: 0 }));
    }
  });

  test('time and again while the same task is on trial: it is given up', () => {
    let guilty: TaskHistory = running;
    let deliveries = 1;
    while (!isGivenUp((guilty = afterCrash(guilty)))) {
      deliveries++;
      guilty = afterStart(guilty, start({ crashes: guilty.crashes, trial: guilty.trial }));
    }
    expect(deliveries).toBe(1 + maxTrials);
  });
});

test('a trial takes longer each time', () => {
  const durations = [1, 2, 3, 4].map((crashes) => trialDurationMs({ ...newTask, crashes }));
  expect(durations).toEqual([10, 50, 250, 1_250]);
  expect(trialDurationMs({ ...newTask, crashes: 1_000 })).toBe(86_400_000);
});
