import { describe, expect, test } from '@jest/globals';
import type { TaskEvent } from '../events/event.ts';
import { evolve } from '../events/evolve.ts';
import { eventIn, requestOf } from '../fixtures/task-events.ts';
import { isPastRetention, isToBeKept } from './retention.rules.ts';

const dayMs = 86_400_000;
const nowMs = 1_795_000_000_000;

/** The events that have the times of their request: of retention, each counts as the others do. */
const withTimes: Record<string, (requested_at: number, run_at: number | null) => TaskEvent> = {
  'a request': (requested_at, run_at) => eventIn('tasks.requested', { ...requestOf(1), requested_at, run_at }),
  'a request that waits for its time': (requested_at, run_at) =>
    eventIn('tasks.scheduled', { ...requestOf(1), requested_at, run_at }),
  'an end': (requested_at, run_at) => {
    const end = { completed_at: nowMs, attempt: 1, executor: 'x', outcome: 'SUCCESS', result: '1' } as const;
    return eventIn('tasks.completed', {
      ...end,
      event_id: 'e',
      task_id: 1,
      type: 't',
      payload: '1',
      requested_at,
      run_at,
    });
  },
  'an erasure': (requested_at, run_at) =>
    eventIn('tasks.erased', { event_id: 'e', task_id: 1, requested_at, erased_at: nowMs, run_at }),
};
const start = eventIn('tasks.started', { event_id: 's', task_id: 1, attempt: 1, executor: 'x', started_at: 0 });

describe.each(Object.entries(withTimes))('the retention of a task, by %s', (_what, event) => {
  const isPast = (requestedAtMs: number, runAtMs: number | null = null) =>
    isPastRetention({ event: event(requestedAtMs, runAtMs), offset: 0 }, dayMs, nowMs);

  test('counts from its request: it is over before the edge, not at it', () => {
    expect(isPast(nowMs - dayMs - 1)).toBe(true);
    expect(isPast(nowMs - dayMs)).toBe(false);
  });

  test('counts from its time to run where that is later', () => {
    expect(isPast(0, nowMs - dayMs - 1)).toBe(true);
    expect(isPast(0, nowMs - dayMs)).toBe(false);
    expect(isPast(nowMs - dayMs, 0)).toBe(false);
    expect(isPast(nowMs - dayMs - 1, 0)).toBe(true);
  });
});

describe('retention', () => {
  test('is not decided by an event without these times', () => {
    expect(isPastRetention({ event: start, offset: 0 }, dayMs, nowMs)).toBe(false);
  });

  test.each([
    ['a request', true],
    ['a request that waits for its time', true],
    ['an erasure', true],
    ['an end', false],
  ])('a document that %s made is compared when clients see it and its end is not about now', (what, isSeen) => {
    const isKept = (requestedAtMs: number, runAtMs: number | null = null) =>
      isToBeKept(evolve(undefined, withTimes[what]!(requestedAtMs, runAtMs), 0), dayMs, nowMs);
    expect(isKept(nowMs)).toBe(isSeen);
    expect(isKept(0, nowMs)).toBe(isSeen);
    expect(isKept(nowMs - dayMs + 60_000)).toBe(isSeen && false);
    expect(isKept(0, nowMs - dayMs + 60_000)).toBe(isSeen && false);
  });
});
