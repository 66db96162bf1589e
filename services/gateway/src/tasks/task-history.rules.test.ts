import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { TaskEventDocument } from '@nask/schemas';
import { visibleSlotTopics } from '../read-model/task-state.rules.ts';
import { eventResource, inOrder, parsePositions, positionsText, withoutCopies } from './task-history.rules.ts';

const topicNames = Object.values(visibleSlotTopics);

const eventAt = (topic: string, offset: number, atMs: number): TaskEventDocument => ({
  _id: `1/${topic}/${offset}`,
  task_id: 1,
  topic,
  event: 'TaskStarted',
  event_id: 'e',
  partition: 3,
  offset,
  at: new Date(atMs),
  attempt: 1,
  data: { executor: 'x' },
});

const histories = fc
  .uniqueArray(fc.tuple(fc.constantFrom(...topicNames), fc.nat({ max: 20 }), fc.nat({ max: 5 })), {
    selector: ([topic, offset]) => `${topic}/${offset}`,
    maxLength: 40,
  })
  .map((events) => events.map(([topic, offset, atMs]) => eventAt(topic, offset, atMs)));

describe('a history', () => {
  test('has all its events once, each topic in the order of the log, however the clocks went', () => {
    fc.assert(
      fc.property(histories, (events) => {
        const ordered = inOrder(events);
        expect(ordered.map(({ _id }) => _id).toSorted()).toEqual(events.map(({ _id }) => _id).toSorted());
        for (const name of topicNames) {
          const offsets = ordered.filter(({ topic }) => topic === name).map(({ offset }) => offset);
          expect(offsets).toEqual(offsets.toSorted((a, b) => a - b));
        }
      }),
    );
  });

  test('has a request that was deferred and came back once, whatever the order in which it was read', () => {
    const requestAt = (offset: number, event_id = 'request') => ({
      ...eventAt('tasks.requested', offset, 1),
      event_id,
    });
    const others = [eventAt('tasks.started', 3, 2), eventAt('tasks.started', 5, 3), requestAt(40, 'of another')];
    fc.assert(
      fc.property(fc.shuffledSubarray([requestAt(17), requestAt(99), ...others], { minLength: 5 }), (events) => {
        expect(inOrder(withoutCopies(events))).toEqual(inOrder([requestAt(17), ...others]));
      }),
    );
  });

  test('is the same whatever the order in which it was read', () => {
    fc.assert(
      fc.property(
        histories.chain((events) =>
          fc.tuple(fc.constant(events), fc.shuffledSubarray(events, { minLength: events.length })),
        ),
        ([events, shuffled]) => {
          expect(inOrder(shuffled)).toEqual(inOrder(events));
        },
      ),
    );
  });

  test('is oldest first; at the same time, causes come before effects', () => {
    const events = [eventAt('tasks.completed', 0, 5), eventAt('tasks.started', 9, 5), eventAt('tasks.requested', 4, 1)];
    expect(inOrder(events).map(({ topic }) => topic)).toEqual(['tasks.requested', 'tasks.started', 'tasks.completed']);
  });

  test('an event says when, which attempt and where in the log', () => {
    expect(eventResource(eventAt('tasks.started', 9, 5))).toEqual({
      event: 'TaskStarted',
      event_id: 'e',
      time: '1970-01-01T00:00:00.005Z',
      attempt: 1,
      topic: 'tasks.started',
      partition: 3,
      offset: 9,
      data: { executor: 'x' },
    });
    expect(eventResource({ ...eventAt('tasks.requested', 9, 5), attempt: null })).not.toHaveProperty('attempt');
  });
});

describe('the positions in an event id', () => {
  test('lead back to what they were made of', () => {
    const positions = fc.dictionary(fc.constantFrom(...topicNames), fc.maxSafeNat(), { minKeys: 1 });
    fc.assert(
      fc.property(positions, (positions) => expect(parsePositions(positionsText(positions))).toEqual({ ...positions })),
    );
  });

  test.each([
    '',
    'x',
    'tasks.requested',
    'tasks.requested:',
    'tasks.requested:-1',
    'tasks.other:1',
    'constructor:1',
    'tasks.requested:10000000000000000',
    'tasks.requested:1,',
    'x'.repeat(2_000),
  ])('%j are none', (text) => expect(parsePositions(text)).toBeUndefined());
});
