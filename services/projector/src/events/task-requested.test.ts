import { describe, expect, test } from '@jest/globals';
import type { LoggedEvent } from './event.ts';
import { conflictingRequests } from './task-requested.ts';

function request(taskId: number, eventId: string, offset: number): LoggedEvent {
  return {
    event: {
      name: 'TaskRequested',
      data: {
        event_id: eventId,
        task_id: taskId,
        type: 'sleep',
        payload: '{}',
        notify_url: null,
        requested_at: 0,
        timeout_ms: null,
      },
    },
    offset,
  };
}

const start: LoggedEvent = {
  event: {
    name: 'TaskStarted',
    data: { event_id: 'start', task_id: 1, attempt: 1, executor: 'executor', started_at: 0, crashes: 0, trial: 0 },
  },
  offset: 0,
};

describe('requests whose task id belongs to another request', () => {
  test('given an id that another request owns, then its request is a conflict', () => {
    const other = request(1, 'other', 5);

    expect(conflictingRequests([request(1, 'owner', 4), other], () => 'owner')).toEqual([other]);
  });

  test('given a repeat of the owner’s request, a free id or another kind of event, then there is no conflict', () => {
    const owners = new Map([[1, 'owner']]);
    const events = [request(1, 'owner', 9), request(2, 'first', 10), start];

    expect(conflictingRequests(events, (id) => owners.get(id))).toEqual([]);
  });
});
