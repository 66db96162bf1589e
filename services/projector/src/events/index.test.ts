import { describe, expect, test } from '@jest/globals';
import { avroSchemas, slotTopics, topicsReadBy } from '@nask/schemas';
import { examplesOf } from '../fixtures/task-events.ts';
import { highestAttempt, highestOffset, lowestOffset, type TaskEvent, type TaskEventName } from './event.ts';
import { evolve } from './evolve.ts';
import { historyEntry } from './history.ts';
import { eventRules, impossibility } from './index.ts';

/**
 * Which event the slot keeps, and what an example of the contract becomes at offset 7 of partition 2. Fields are in the
 * order in which they are stored.
 */
const expected: Record<TaskEventName, { keeps: object; example: string; document: object; history: object | null }> = {
  TaskRequested: {
    keeps: lowestOffset,
    example: 'prime',
    document: {
      status: 'PENDING',
      created_at: '2026-11-18T11:06:40.000Z',
      requested: {
        offset: 7,
        event_id: '019ab6f0-3c5e-7d2a-9b1f-5a7e2c4d8e10',
        type: 'prime',
        payload: '{"input":100}',
        notify_url: 'http://127.0.0.1:8000/',
        requested_at: '2026-11-18T11:06:40.000Z',
      },
    },
    history: {
      _id: '4/tasks.requested/7',
      topic: 'tasks.requested',
      at: '2026-11-18T11:06:40.000Z',
      attempt: null,
      data: { type: 'prime' },
    },
  },
  TaskStarted: {
    keeps: highestAttempt,
    example: 'on-trial',
    document: {
      status: 'STARTED',
      created_at: '2026-11-18T11:06:40.012Z',
      started: {
        offset: 7,
        event_id: '5f8c1e2a-7b3d-8c4e-9f50-6a7b8c9d0e1f',
        attempt: 1,
        executor: 'executor-7d9f',
        started_at: '2026-11-18T11:06:40.012Z',
      },
    },
    history: {
      _id: '4/tasks.started/7',
      topic: 'tasks.started',
      at: '2026-11-18T11:06:40.012Z',
      attempt: 1,
      data: { executor: 'executor-7d9f', crashes: 2, trial: 1 },
    },
  },
  TaskAttemptFailed: {
    keeps: highestAttempt,
    example: 'retry',
    document: {
      status: 'RETRY',
      created_at: '2026-11-18T11:06:40.013Z',
      attempt_failed: {
        offset: 7,
        event_id: '6f8c1e2a-7b3d-8c4e-9f50-6a7b8c9d0e1f',
        attempt: 1,
        executor: 'executor-7d9f',
        error: { code: 'handler-failed', message: 'The server answered 503.' },
        failed_at: '2026-11-18T11:06:40.013Z',
        next_attempt_at: '2026-11-18T11:06:41.013Z',
      },
    },
    history: {
      _id: '4/tasks.attempt-failed/7',
      topic: 'tasks.attempt-failed',
      at: '2026-11-18T11:06:40.013Z',
      attempt: 1,
      data: {
        executor: 'executor-7d9f',
        error: { code: 'handler-failed', message: 'The server answered 503.' },
        next_attempt_at: '2026-11-18T11:06:41.013Z',
      },
    },
  },
  TaskProgressed: {
    keeps: highestOffset,
    example: 'half',
    document: {
      status: 'PENDING',
      created_at: '2026-11-18T11:06:42.012Z',
      progressed: {
        offset: 7,
        event_id: '7f8c1e2a-7b3d-8c4e-9f50-6a7b8c9d0e1f',
        attempt: 1,
        fraction: 0.5,
        progressed_at: '2026-11-18T11:06:42.012Z',
      },
    },
    history: {
      _id: '4/tasks.progressed',
      topic: 'tasks.progressed',
      at: '2026-11-18T11:06:42.012Z',
      attempt: 1,
      data: { executor: 'executor-7d9f', fraction: 0.5 },
    },
  },
  TaskCancellationRequested: {
    keeps: lowestOffset,
    example: 'cancel',
    document: {
      status: 'PENDING',
      created_at: '2026-11-18T11:06:40.005Z',
      cancellation_requested: {
        offset: 7,
        event_id: '019ab6f0-3c5e-7d2a-9b1f-5a7e2c4d8e12',
        requested_at: '2026-11-18T11:06:40.005Z',
      },
    },
    history: {
      _id: '4/tasks.cancellation-requested/7',
      topic: 'tasks.cancellation-requested',
      at: '2026-11-18T11:06:40.005Z',
      attempt: null,
      data: {},
    },
  },
  TaskCompleted: {
    keeps: lowestOffset,
    example: 'failure',
    document: {
      status: 'FAILURE',
      created_at: '2026-11-18T11:06:40.013Z',
      completed: {
        offset: 7,
        event_id: '0a1b2c3d-4e5f-8a6b-8c7d-8e9f0a1b2c3e',
        attempt: 0,
        executor: 'executor-7d9f',
        outcome: 'FAILURE',
        result: null,
        error: { code: 'unknown-task-type', message: 'No handler for the task type resize-image.' },
        completed_at: '2026-11-18T11:06:40.013Z',
      },
    },
    history: {
      _id: '5/tasks.completed/7',
      topic: 'tasks.completed',
      at: '2026-11-18T11:06:40.013Z',
      attempt: 0,
      data: {
        executor: 'executor-7d9f',
        outcome: 'FAILURE',
        error: { code: 'unknown-task-type', message: 'No handler for the task type resize-image.' },
      },
    },
  },
  NotificationAttempted: {
    keeps: highestOffset,
    example: 'retrying',
    document: {
      status: 'PENDING',
      created_at: '2026-11-18T11:06:40.013Z',
      notified: {
        offset: 7,
        event_id: '0d9e8f70-6152-8c43-b4a3-928170605040',
        round: 0,
        state: 'RETRYING',
        attempts: 1,
        last_error: 'the receiver answered 503',
        attempted_at: '2026-11-18T11:06:40.013Z',
        next_attempt_at: '2026-11-18T11:06:45.213Z',
      },
    },
    history: {
      _id: '4/notifications.attempted/7',
      topic: 'notifications.attempted',
      at: '2026-11-18T11:06:40.013Z',
      attempt: null,
      data: {
        state: 'RETRYING',
        round: 0,
        webhook_attempt: 1,
        status_code: 503,
        duration_ms: 12,
        error: 'the receiver answered 503',
        next_attempt_at: '2026-11-18T11:06:45.213Z',
      },
    },
  },
  TaskErased: {
    keeps: lowestOffset,
    example: 'by-hand',
    document: {
      status: 'ERASED',
      created_at: '2026-11-18T11:06:40.000Z',
      erased: {
        offset: 7,
        event_id: '019ab6f0-3c5e-7d2a-9b1f-5a7e2c4d8e13',
        requested_at: '2026-11-18T11:06:40.000Z',
        erased_at: '2026-11-18T11:08:20.000Z',
      },
    },
    history: null,
  },
};

const names = Object.keys(eventRules) as TaskEventName[];

const exampleOf = (name: TaskEventName) => examplesOf(name).get(expected[name].example)!;

describe('the registry of events', () => {
  test('has the topics that the projector reads by the catalogue', () => {
    const inRegistry = Object.values(eventRules).map(({ topic }) => topic);
    expect(inRegistry.toSorted()).toEqual(topicsReadBy('projector').toSorted());
    expect(Object.keys(slotTopics)).toHaveLength(inRegistry.length);
  });

  test.each(names)(
    '%s: the merge rule, the document of the contract’s example, and its entry in the history',
    (name) => {
      expect(eventRules[name].keeps).toBe(expected[name].keeps);
      const event = exampleOf(name);
      const { _id, ...document } = evolve(undefined, event, 7);
      expect(_id).toBe(event.data.task_id);
      expect(JSON.stringify(document)).toBe(JSON.stringify(expected[name].document));

      const entry = historyEntry({ event, offset: 7 }, 2);
      const { task_id, event_id } = event.data;
      expect(entry ?? null).toEqual(
        expected[name].history && {
          task_id,
          event: name,
          event_id,
          partition: 2,
          offset: 7,
          ...dated(expected[name].history),
        },
      );
    },
  );

  test.each(names)('%s: a time in the slot that no date expresses is refused', (name) => {
    const event = exampleOf(name);
    expect(impossibility(event, String(event.data.task_id))).toBeUndefined();
    const slot = eventRules[name].toSlot(event.data, 0) as unknown as Record<string, unknown>;
    const times = avroSchemas[name].fields.filter(({ name: field }) => slot[field] instanceof Date);
    expect(times.length).toBeGreaterThan(0);
    for (const { name: field } of times) {
      const wrong = { name, data: { ...event.data, [field]: 9e15 } } as TaskEvent;
      expect(impossibility(wrong, String(event.data.task_id))).toMatch(new RegExp(`^${field} is 9000000000000000`));
    }
  });
});

/** With dates in place of the texts that are times. */
function dated(value: unknown): object {
  const isTime = (text: unknown): text is string => typeof text === 'string' && /^\d{4}-\d\d-\d\dT/.test(text);
  return JSON.parse(JSON.stringify(value), (_key, each: unknown) => (isTime(each) ? new Date(each) : each)) as object;
}
