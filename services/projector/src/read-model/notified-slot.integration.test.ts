import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { tasksCollection, type TaskDocument } from '@nask/schemas';
import { isolate, testServers } from '@nask/testkit';
import { BSON, MongoClient } from 'mongodb';
import fc from 'fast-check';
import { evolve } from '../events/evolve.ts';
import type { TaskEvent } from '../events/event.ts';
import { createTaskStore } from './document-store.ts';

const client = new MongoClient(testServers().mongoUrl);
const db = client.db(isolate('notified').database);
beforeAll(async () => void (await client.connect()));
afterAll(async () => {
  await db.dropDatabase();
  await client.close();
});

const attempt = (n: number): TaskEvent => ({
  name: 'NotificationAttempted',
  data: {
    event_id: `n${n}`,
    task_id: 0,
    webhook_id: 'w',
    completion_offset: 0,
    round: 0,
    attempt: n,
    state: n === 3 ? 'DELIVERED' : 'RETRYING',
    result: 'unavailable',
    status_code: 503,
    duration_ms: 1,
    error: '$requested',
    answer_start: null,
    attempted_at: n,
    next_attempt_at: n === 3 ? null : n + 1,
    notifier: 'x',
  },
});

test('attempts that are merged in any order, with any repetition, give the bytes of the last one', async () => {
  const store = createTaskStore(db, tasksCollection);
  let id = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(fc.constantFrom(1, 2, 3), { minLength: 1, maxLength: 5 }), async (order) => {
      id += 1;
      for (const n of order) await store.merge([{ ...evolve(undefined, attempt(n), n), _id: id }]);
      const highest = Math.max(...order);
      const expected: TaskDocument = { ...evolve(undefined, attempt(highest), highest), _id: id };
      const stored = await db.collection<TaskDocument>(tasksCollection).findOne({ _id: id });
      expect(Buffer.compare(BSON.serialize(stored!), BSON.serialize(expected))).toBe(0);
    }),
    { numRuns: 15 },
  );
}, 60_000);
