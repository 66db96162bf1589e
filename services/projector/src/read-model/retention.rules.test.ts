import { describe, expect, test } from '@jest/globals';
import type { TaskEvent } from '../events/event.ts';
import { evolve } from '../events/evolve.ts';
import { requestOf } from '../fixtures/task-events.ts';
import { isPastRetention, isToBeKept } from './retention.rules.ts';

const dayMs = 86_400_000;
const nowMs = 1_795_000_000_000;

const request = (requested_at: number): TaskEvent => ({
  name: 'TaskRequested',
  data: { ...requestOf(1), requested_at },
});
const start: TaskEvent = {
  name: 'TaskStarted',
  data: { event_id: 's', task_id: 1, attempt: 1, executor: 'x', started_at: 0, crashes: 0, trial: 0 },
};
const erasure: TaskEvent = {
  name: 'TaskErased',
  data: { event_id: 'e', task_id: 1, requested_at: nowMs - 2 * dayMs, erased_at: nowMs },
};

describe('retention', () => {
  test('is over for a task that was accepted before, not for one at the edge, nor by an event that does not say', () => {
    const isPast = (event: TaskEvent) => isPastRetention({ event, offset: 0 }, dayMs, nowMs);
    expect(isPast(request(nowMs - dayMs - 1))).toBe(true);
    expect(isPast(request(nowMs - dayMs))).toBe(false);
    expect(isPast(erasure)).toBe(true);
    expect(isPast(start)).toBe(false);
  });

  test('documents that must be the same everywhere: those that are seen, and whose end is not about now', () => {
    const isKept = (event: TaskEvent) => isToBeKept(evolve(undefined, event, 0), dayMs, nowMs);
    expect(isKept(request(nowMs))).toBe(true);
    expect(isKept(request(nowMs - dayMs + 60_000))).toBe(false);
    expect(isKept({ ...erasure, data: { ...erasure.data, requested_at: nowMs } })).toBe(true);
    expect(isKept(start)).toBe(false);
  });
});
