import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { LoggedEvent, TaskEvent } from '../events/event.ts';
import { evolve, foldBatch } from '../events/evolve.ts';
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
    eventIn('tasks.erased', { event_id: 'e', task_id: 1, requested_at, erased_at: requested_at, run_at }),
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

/** The requests of a task, whose id may be given twice, its end and its erasure, which is the last of them in time. */
const erasedTask: fc.Arbitrary<LoggedEvent[]> = fc
  .record({
    requests: fc.array(
      fc.record({
        topic: fc.constantFrom('tasks.scheduled' as const, 'tasks.requested' as const),
        requested_at: fc.nat(50),
        run_at: fc.option(fc.nat(100)),
      }),
      { minLength: 1, maxLength: 4 },
    ),
    // As the gateway of 0.2 has it, or that of 0.1, which does not know it and erases only what has run.
    hasRunAt: fc.boolean(),
    of: fc.nat(3),
    delay: fc.nat(50),
  })
  .map(({ requests, hasRunAt, of, delay }) => {
    const { requested_at } = requests[of % requests.length]!;
    const runAt = Math.max(...requests.map((request) => request.run_at ?? 0));
    const accepted = Math.max(...requests.map((request) => request.requested_at));
    const erased_at = delay + (hasRunAt ? accepted : Math.max(accepted, runAt));
    const run_at = hasRunAt ? runAt : null;
    const erasure = eventIn('tasks.erased', { event_id: 'e', task_id: 1, requested_at, erased_at, run_at });
    const events = requests.map(({ topic, ...times }) => eventIn(topic, { ...requestOf(1), ...times }));
    return [...events, start, erasure].map((event, offset) => ({ event, offset }));
  });

describe('an erasure', () => {
  test('given a time of its request that is earlier than its own, then retention counts from its own', () => {
    const erasure = (erased_at: number) =>
      eventIn('tasks.erased', { event_id: 'e', task_id: 1, requested_at: 0, erased_at, run_at: 1 });
    const isPast = (erasedAtMs: number) => isPastRetention({ event: erasure(erasedAtMs), offset: 0 }, dayMs, nowMs);
    expect([isPast(nowMs - dayMs - 1), isPast(nowMs - dayMs)]).toEqual([true, false]);
  });

  test('given any requests of its task, then none is visible in a read model that is rebuilt at any later time', () => {
    fc.assert(
      fc.property(erasedTask, fc.integer({ min: 0, max: 300 }), (events, atMs) => {
        const kept = events.filter((logged) => !isPastRetention(logged, 100, atMs));
        expect(foldBatch(kept).get(1)).not.toHaveProperty('type');
      }),
    );
  });
});
