import { describe, expect, test } from '@jest/globals';
import { avroSchemas, slotTopics, topics, topicsReadBy, type SlotName, type Topic } from '@nask/schemas';
import { examplesOf } from '../fixtures/task-events.ts';
import { highestAttempt, highestOffset, lowestOffset, type TaskEvent } from './event.ts';
import { evolve } from './evolve.ts';
import { historyEntry } from './history.ts';
import { impossibility, slots, topicRules } from './index.ts';

const refused = { name: 'Error', message: 'connect ECONNREFUSED 127.0.0.1:9' };

/**
 * Which event the slot keeps, and what an example of the contract becomes at offset 7 of partition 2. Fields are in the
 * order in which they are stored.
 */
const expected: Record<SlotName, { keeps: object; example: string; document: object; history: object | null }> = {
  scheduled: {
    keeps: lowestOffset,
    example: 'scheduled',
    document: {
      status: 'PENDING',
      created_at: '2026-11-18T11:06:40.000Z',
      kept_from: '2026-11-18T12:06:40.000Z',
      type: 'send-invoice',
      client: 'shop',
      tags: ['invoices'],
      search: ['amount=12.5', 'customer.id=c-17'],
      origin_id: 5,
      run_at: '2026-11-18T12:06:40.000Z',
      scheduled: {
        offset: 7,
        event_id: '019ab6f0-3c5e-7d2a-9b1f-5a7e2c4d8e14',
        type: 'send-invoice',
        payload: '{"customer":{"id":"c-17"},"amount":12.5}',
        notify_url: 'http://127.0.0.1:8000/',
        requested_at: '2026-11-18T11:06:40.000Z',
        client: 'shop',
        tags: ['invoices'],
        search: ['amount=12.5', 'customer.id=c-17'],
        origin_id: 5,
        run_at: '2026-11-18T12:06:40.000Z',
        expires_at: '2026-11-18T13:06:40.000Z',
        priority: 3,
        payload_schema_hash: '0f1e2d3c4b5a69788796a5b4c3d2e1f0',
        include_result: false,
      },
    },
    history: {
      _id: '6/tasks.scheduled/7',
      topic: 'tasks.scheduled',
      at: '2026-11-18T11:06:40.000Z',
      kept_from: '2026-11-18T12:06:40.000Z',
      attempt: null,
      data: { type: 'send-invoice', client: 'shop', tags: ['invoices'] },
    },
  },
  requested: {
    keeps: lowestOffset,
    example: 'prime',
    document: {
      status: 'PENDING',
      created_at: '2026-11-18T11:06:40.000Z',
      kept_from: '2026-11-18T11:06:40.000Z',
      type: 'prime',
      client: 'shop',
      tags: ['tenant:42', 'nightly'],
      requested: {
        offset: 7,
        event_id: '019ab6f0-3c5e-7d2a-9b1f-5a7e2c4d8e10',
        type: 'prime',
        payload: '{"input":100}',
        notify_url: 'http://127.0.0.1:8000/',
        requested_at: '2026-11-18T11:06:40.000Z',
        client: 'shop',
        tags: ['tenant:42', 'nightly'],
        payload_schema_hash: 'c2f3b5a0d1e24f6789ab0c1d2e3f4a5b',
      },
    },
    history: {
      _id: '4/tasks.requested/7',
      topic: 'tasks.requested',
      at: '2026-11-18T11:06:40.000Z',
      kept_from: '2026-11-18T11:06:40.000Z',
      attempt: null,
      data: { type: 'prime', client: 'shop', tags: ['tenant:42', 'nightly'] },
    },
  },
  started: {
    keeps: highestAttempt,
    example: 'first-attempt',
    document: {
      status: 'STARTED',
      created_at: '2026-11-18T11:06:40.012Z',
      kept_from: '2026-11-18T11:06:40.012Z',
      started: {
        offset: 7,
        event_id: '5f8c1e2a-7b3d-8c4e-9f50-6a7b8c9d0e1f',
        attempt: 1,
        executor: 'executor-7d9f',
        started_at: '2026-11-18T11:06:40.012Z',
        taken_at: '2026-11-18T11:06:40.008Z',
      },
    },
    history: {
      _id: '4/tasks.started/7',
      topic: 'tasks.started',
      at: '2026-11-18T11:06:40.012Z',
      kept_from: '2026-11-18T11:06:40.012Z',
      attempt: 1,
      data: { executor: 'executor-7d9f', crashes: 0, trial: 0, taken_at: '2026-11-18T11:06:40.008Z' },
    },
  },
  attempt_failed: {
    keeps: highestAttempt,
    example: 'retry',
    document: {
      status: 'RETRY',
      created_at: '2026-11-18T11:06:40.013Z',
      kept_from: '2026-11-18T11:06:40.013Z',
      attempt_failed: {
        offset: 7,
        event_id: '6f8c1e2a-7b3d-8c4e-9f50-6a7b8c9d0e1f',
        attempt: 1,
        executor: 'executor-7d9f',
        error: { code: 'handler-failed', message: 'The server answered 503.', causes: [refused] },
        failed_at: '2026-11-18T11:06:40.013Z',
        next_attempt_at: '2026-11-18T11:06:41.013Z',
      },
    },
    history: {
      _id: '4/tasks.attempt-failed/7',
      topic: 'tasks.attempt-failed',
      at: '2026-11-18T11:06:40.013Z',
      kept_from: '2026-11-18T11:06:40.013Z',
      attempt: 1,
      data: {
        executor: 'executor-7d9f',
        error: { code: 'handler-failed', message: 'The server answered 503.', causes: [refused] },
        next_attempt_at: '2026-11-18T11:06:41.013Z',
      },
    },
  },
  progressed: {
    keeps: highestOffset,
    example: 'half',
    document: {
      status: 'PENDING',
      created_at: '2026-11-18T11:06:42.012Z',
      kept_from: '2026-11-18T11:06:42.012Z',
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
      kept_from: '2026-11-18T11:06:42.012Z',
      attempt: 1,
      data: { executor: 'executor-7d9f', fraction: 0.5 },
    },
  },
  cancellation_requested: {
    keeps: lowestOffset,
    example: 'cancel',
    document: {
      status: 'PENDING',
      created_at: '2026-11-18T11:06:40.005Z',
      kept_from: '2026-11-18T11:06:40.005Z',
      cancellation_requested: {
        offset: 7,
        event_id: '019ab6f0-3c5e-7d2a-9b1f-5a7e2c4d8e12',
        requested_at: '2026-11-18T11:06:40.005Z',
        requested_by: 'operations',
      },
    },
    history: {
      _id: '4/tasks.cancellation-requested/7',
      topic: 'tasks.cancellation-requested',
      at: '2026-11-18T11:06:40.005Z',
      kept_from: '2026-11-18T11:06:40.005Z',
      attempt: null,
      data: { requested_by: 'operations' },
    },
  },
  completed: {
    keeps: lowestOffset,
    example: 'failure',
    document: {
      status: 'FAILURE',
      created_at: '2026-11-18T11:06:40.013Z',
      kept_from: '2026-11-18T11:06:40.013Z',
      completed: {
        offset: 7,
        event_id: '0a1b2c3d-4e5f-8a6b-8c7d-8e9f0a1b2c3e',
        attempt: 0,
        executor: 'executor-7d9f',
        outcome: 'FAILURE',
        result: null,
        error: { code: 'unknown-task-type', message: 'No handler for the task type resize-image.' },
        completed_at: '2026-11-18T11:06:40.013Z',
        fingerprint: 'dca337f31350e70b',
      },
    },
    history: {
      _id: '5/tasks.completed/7',
      topic: 'tasks.completed',
      at: '2026-11-18T11:06:40.013Z',
      kept_from: '2026-11-18T11:06:40.013Z',
      attempt: 0,
      data: {
        executor: 'executor-7d9f',
        outcome: 'FAILURE',
        error: { code: 'unknown-task-type', message: 'No handler for the task type resize-image.' },
      },
    },
  },
  notified: {
    keeps: highestOffset,
    example: 'retrying',
    document: {
      status: 'PENDING',
      created_at: '2026-11-18T11:06:40.013Z',
      kept_from: '2026-11-18T11:06:40.013Z',
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
      kept_from: '2026-11-18T11:06:40.013Z',
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
  erased: {
    keeps: lowestOffset,
    example: 'by-hand',
    document: {
      status: 'ERASED',
      created_at: '2026-11-18T11:06:40.000Z',
      kept_from: '2026-11-18T11:08:20.000Z',
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

const exampleIn = (slot: SlotName) => examplesOf(slotTopics[slot]).get(expected[slot].example)!;

describe('the registry of events', () => {
  test('has the topics that the projector reads by the catalogue, reserved ones included', () => {
    const read = Object.entries<Topic>(topics).flatMap(([name, topic]) =>
      topic.consumers.includes('projector') && topic.event !== null ? [name] : [],
    );
    expect(slots.map(({ topic }) => topic).toSorted()).toEqual(read.toSorted());
    const names = slots.map(({ topic }) => topic as string);
    expect(topicsReadBy('projector').filter((topic) => !names.includes(topic))).toEqual([]);
  });

  test.each(slots)(
    '$slot: the merge rule, the document of the contract’s example, and its entry in the history',
    ({ slot, topic, keeps }) => {
      expect(keeps).toBe(expected[slot].keeps);
      const event = exampleIn(slot);
      const { _id, ...document } = evolve(undefined, event, 7);
      expect(_id).toBe(event.data.task_id);
      expect(JSON.stringify(document)).toBe(JSON.stringify(expected[slot].document));

      const entry = historyEntry({ event, offset: 7 }, 2);
      const { task_id, event_id } = event.data;
      expect(entry ?? null).toEqual(
        expected[slot].history && {
          task_id,
          event: topics[topic].event,
          event_id,
          partition: 2,
          offset: 7,
          ...dated(expected[slot].history),
        },
      );
    },
  );

  test.each(slots)('$slot: a time in the slot that no date expresses is refused', ({ slot, topic }) => {
    const event = exampleIn(slot);
    expect(impossibility(event, String(event.data.task_id))).toBeUndefined();
    const value = topicRules[topic].toSlot(event.data, 0) as unknown as Record<string, unknown>;
    const times = avroSchemas[topics[topic].event].fields.filter(({ name: field }) => value[field] instanceof Date);
    expect(times.length).toBeGreaterThan(0);
    for (const { name: field } of times) {
      const wrong = { topic, data: { ...event.data, [field]: 9e15 } } as TaskEvent;
      expect(impossibility(wrong, String(event.data.task_id))).toMatch(new RegExp(`^${field} is 9000000000000000`));
    }
  });
});

/** With dates in place of the texts that are times. */
function dated(value: unknown): object {
  const isTime = (text: unknown): text is string => typeof text === 'string' && /^\d{4}-\d\d-\d\dT/.test(text);
  return JSON.parse(JSON.stringify(value), (_key, each: unknown) => (isTime(each) ? new Date(each) : each)) as object;
}
