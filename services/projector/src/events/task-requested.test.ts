import { describe, expect, test } from '@jest/globals';
import { eventIn } from '../fixtures/task-events.ts';
import type { LoggedEvent } from './event.ts';
import { conflictingRequests, type RequestsOfTask } from './task-requested.ts';

function request(taskId: number, eventId: string, topic: 'tasks.requested' | 'tasks.scheduled' = 'tasks.requested') {
  const fields = { event_id: eventId, task_id: taskId, type: 'sleep', payload: '{}', requested_at: 0 };
  return { event: eventIn(topic, fields), offset: 5 };
}

const start: LoggedEvent = {
  event: eventIn('tasks.started', { event_id: 's', task_id: 1, attempt: 1, executor: 'x', started_at: 0 }),
  offset: 0,
};

const conflictsOf = (events: readonly LoggedEvent[], requests: RequestsOfTask | undefined) =>
  conflictingRequests(events, () => requests);

describe('requests whose task id belongs to another request', () => {
  test('given an id that another request owns, then its request is a conflict', () => {
    const other = request(1, 'other');

    expect(conflictsOf([request(1, 'owner'), other], { requested: { event_id: 'owner' } })).toEqual([
      { logged: other, owner: 'owner' },
    ]);
  });

  test('given a repeat of the owner’s request, a free id or another kind of event, then there is no conflict', () => {
    expect(conflictsOf([request(1, 'owner'), start], { requested: { event_id: 'owner' } })).toEqual([]);
    expect(conflictsOf([request(2, 'first')], undefined)).toEqual([]);
  });

  test('given the same request in both topics, then there is no conflict', () => {
    const both = [request(1, 'owner', 'tasks.scheduled'), request(1, 'owner')];

    expect(conflictsOf(both, { scheduled: { event_id: 'owner' }, requested: { event_id: 'owner' } })).toEqual([]);
    expect(conflictsOf(both, { scheduled: { event_id: 'owner' } })).toEqual([]);
  });

  test('given different requests in the two topics, then each conflicts with the other', () => {
    const [scheduled, requested] = [request(1, 'one', 'tasks.scheduled'), request(1, 'other')];
    const requests = { scheduled: { event_id: 'one' }, requested: { event_id: 'other' } };

    expect(conflictsOf([scheduled], requests)).toEqual([{ logged: scheduled, owner: 'other' }]);
    expect(conflictsOf([requested], requests)).toEqual([{ logged: requested, owner: 'one' }]);
  });
});
