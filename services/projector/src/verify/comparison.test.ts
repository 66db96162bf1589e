import { describe, expect, test } from '@jest/globals';
import { historyEntry } from '../events/history.ts';
import { Shadow } from './shadow.ts';
import type { LoggedEvent } from '../events/event.ts';
import { requestOf } from '../fixtures/task-events.ts';
import { comparedEvent, type StoredTask } from './stored-tasks.ts';
import { createTaskComparison } from './comparison.ts';

const nowMs = Date.now();
const dayMs = 86_400_000;
const readUpTo = 10;
const ends = new Map(['requested', 'erased'].map((topic) => [`tasks.${topic}/0`, readUpTo]));
const comparison = createTaskComparison({ ends, partitionCount: () => 1, retentionMs: dayMs, nowMs });

const request = (offset: number, requested_at = nowMs): LoggedEvent => ({
  event: { name: 'TaskRequested', data: { ...requestOf(1), event_id: 'request', requested_at } },
  offset,
});
const erasure = (offset: number): LoggedEvent => ({
  event: { name: 'TaskErased', data: { event_id: 'erasure', task_id: 1, requested_at: nowMs, erased_at: nowMs } },
  offset,
});

function shadowOf(...events: LoggedEvent[]): Shadow {
  const shadow = new Shadow(0, 10);
  for (const event of events) shadow.add(event, entryOf(event) && comparedEvent(entryOf(event)!));
  return shadow;
}
const entryOf = (event: LoggedEvent) => historyEntry(event, 0);

/** What a projector makes of the events, and of the history perhaps other ones. */
function stored(events: LoggedEvent[], history: LoggedEvent[] = events): StoredTask {
  const document = shadowOf(...events).documents.get(1);
  return { ...(document && { document }), history: history.flatMap((event) => entryOf(event) ?? []) };
}

describe('the comparison of a task', () => {
  test('given what the log says, then nothing differs', () => {
    expect(comparison.compare(shadowOf(request(1)), 1, stored([request(1)]))).toBeUndefined();
    const both = [request(1), erasure(2)];
    expect(comparison.compare(shadowOf(...both), 1, stored(both, []))).toBeUndefined();
  });

  test('given history that is left of an erased task, then it differs', () => {
    const both = [request(1), erasure(2)];
    expect(comparison.compare(shadowOf(...both), 1, stored(both))).toMatchObject({
      isDocumentDifferent: false,
      history: [{ topic: 'tasks.requested', offset: 1, found: expect.anything() }],
    });
  });

  test('given a task, or one of its events, whose retention ends about now, then that is not compared', () => {
    const old = request(1, nowMs - dayMs);
    expect(comparison.compare(shadowOf(old), 1, { history: [] })).toBeUndefined();
    expect(comparison.compare(shadowOf(request(1)), 1, { history: [] })).toMatchObject({ isDocumentDifferent: true });
    const both = [request(1), old].map((event, index) => ({ ...event, offset: index }));
    expect(comparison.compare(shadowOf(...both), 1, stored(both, [both[0]!]))).toBeUndefined();
  });

  test('given an erasure that was not read yet, then what differs is late', () => {
    const difference = comparison.compare(shadowOf(request(1)), 1, stored([request(1), erasure(readUpTo)], []))!;
    expect(difference.history).toHaveLength(1);
    expect(comparison.isLate(difference)).toBe(true);
    const early = comparison.compare(shadowOf(request(1)), 1, stored([request(1), erasure(2)], []))!;
    expect(comparison.isLate(early)).toBe(false);
  });
});
