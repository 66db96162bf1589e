import { describe, expect, test } from '@jest/globals';
import { maxTaskEventsPerTopic } from '@nask/schemas';
import type { LoggedEvent } from '../events/event.ts';
import { evolve } from '../events/evolve.ts';
import { historyEntry } from '../events/history.ts';
import { eventIn, requestOf } from '../fixtures/task-events.ts';
import { comparedEvent, createTaskComparison, historyDifferences, isNewer, type StoredTask } from './comparison.ts';
import { Shadow, ShadowHistory, type ComparedEvent } from './shadow.ts';

const nowMs = Date.now();
const dayMs = 86_400_000;
const readUpTo = 10;
const ends = new Map(['scheduled', 'requested', 'erased'].map((topic) => [`tasks.${topic}/0`, readUpTo]));
const comparison = createTaskComparison({ ends, partitionCount: () => 1, retentionMs: dayMs, nowMs });

const request = (offset: number, requested_at = nowMs): LoggedEvent => ({
  event: { topic: 'tasks.requested', data: { ...requestOf(1), event_id: 'request', requested_at } },
  offset,
});
const erasure = (offset: number): LoggedEvent => ({
  event: eventIn('tasks.erased', { event_id: 'erasure', task_id: 1, requested_at: nowMs, erased_at: nowMs }),
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

  test('given a request in both topics, then each counts, in the document and in the history', () => {
    const data = { ...requestOf(1), requested_at: nowMs, run_at: nowMs + dayMs };
    const both: LoggedEvent[] = [
      { event: { topic: 'tasks.scheduled', data }, offset: 7 },
      { event: { topic: 'tasks.requested', data }, offset: 1 },
    ];
    expect(comparison.compare(shadowOf(...both), 1, stored(both))).toBeUndefined();
    expect(comparison.compare(shadowOf(...both), 1, stored(both.slice(1)))).toMatchObject({
      isDocumentDifferent: true,
      history: [{ topic: 'tasks.scheduled', offset: 7 }],
    });
  });

  test('given a time to run, then a task is compared as long as it is kept after that', () => {
    const old = eventIn('tasks.requested', { ...requestOf(1), requested_at: nowMs - 9 * dayMs, run_at: nowMs });
    const logged = [{ event: old, offset: 1 }];
    expect(comparison.compare(shadowOf(...logged), 1, stored(logged))).toBeUndefined();
    expect(comparison.compare(shadowOf(...logged), 1, { history: [] })).toMatchObject({
      isDocumentDifferent: true,
      history: [{ topic: 'tasks.requested', offset: 1 }],
    });
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

test('a document is newer than the comparison when one of its events is beyond what was read', () => {
  const document = evolve(undefined, request(7).event, 7);
  expect(isNewer(document, 2, new Map([['tasks.requested/2', 8]]))).toBe(false);
  expect(isNewer(document, 2, new Map([['tasks.requested/2', 7]]))).toBe(true);
  expect(isNewer(document, 2, new Map())).toBe(true);
});

const event = (offset: number, topic = 'tasks.started', more: Partial<ComparedEvent> = {}): ComparedEvent => ({
  topic,
  offset,
  keptFromMs: 1_000 + offset,
  checksum: `sum-${topic}-${offset}`,
  ...more,
});

const bounds = {
  isRead: (_topic: string, offset: number) => offset < 1_000,
  isKept: (keptFromMs: number) => keptFromMs >= 1_000,
};

function made(...events: ComparedEvent[]) {
  const shadow = new ShadowHistory();
  for (const one of events) shadow.add(7, one);
  return shadow.of(7);
}

const differences = (expected: ReturnType<typeof made>, stored: ComparedEvent[]) =>
  historyDifferences(expected, stored, bounds).map(({ topic, offset, found, expected: wanted }) => [
    `${topic}/${offset}`,
    found?.checksum,
    wanted?.checksum,
  ]);

describe('a stored history', () => {
  test('given the same events in any order, then there is no difference', () => {
    expect(
      differences(made(event(1), event(5), event(3, 'tasks.completed')), [
        event(5),
        event(3, 'tasks.completed'),
        event(1),
      ]),
    ).toEqual([]);
  });

  test('given one that is missing, one too many and one altered, then it names them', () => {
    const altered = event(5, 'tasks.started', { checksum: 'other' });
    expect(differences(made(event(1), event(5)), [altered, event(8)])).toEqual([
      ['tasks.started/1', undefined, 'sum-tasks.started-1'],
      ['tasks.started/5', 'other', 'sum-tasks.started-5'],
      ['tasks.started/8', 'sum-tasks.started-8', undefined],
    ]);
  });

  test('given what is about to expire, or has, on either side, then it does not count', () => {
    const old = { keptFromMs: 999 };
    expect(differences(made(event(1, 'tasks.started', old), event(5)), [event(5)])).toEqual([]);
    expect(differences(made(event(5)), [event(1, 'tasks.started', old), event(5)])).toEqual([]);
  });

  test('given events that came after what was read of the log, then they do not count', () => {
    expect(differences(made(event(5)), [event(5), event(1_000)])).toEqual([]);
  });

  test('given more events of a topic than are kept, then those beyond count neither as missing nor as too many', () => {
    const all = Array.from({ length: maxTaskEventsPerTopic + 5 }, (_, offset) => event(offset));
    expect(differences(made(...all), all)).toEqual([]);
    expect(differences(made(...all), all.slice(0, maxTaskEventsPerTopic))).toEqual([]);
    expect(differences(made(...all), all.slice(1)).map(([at]) => at)).toEqual(['tasks.started/0']);
  });

  test('given progress, then the newest counts, unless one that is not read yet took its place', () => {
    const progress = (offset: number) => event(offset, 'tasks.progressed');
    expect(differences(made(progress(1), progress(4)), [progress(4)])).toEqual([]);
    expect(differences(made(progress(1), progress(4)), [progress(1_000)])).toEqual([]);
    expect(differences(made(progress(1), progress(4)), [progress(1)]).map(([at]) => at)).toEqual([
      'tasks.progressed/1',
      'tasks.progressed/4',
    ]);
    expect(differences(made(progress(1), progress(4)), []).map(([at]) => at)).toEqual(['tasks.progressed/4']);
  });
});
