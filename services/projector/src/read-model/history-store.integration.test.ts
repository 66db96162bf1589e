import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { collectionsOf, maxTaskEventsPerTopic, taskEventsCollection, type TaskEventDocument } from '@nask/schemas';
import { isolate, testServers } from '@nask/testkit';
import fc from 'fast-check';
import { MongoClient } from 'mongodb';
import type { LoggedEvent } from '../events/event.ts';
import { historyEntry } from '../events/history.ts';
import { eventIn } from '../fixtures/task-events.ts';
import { inAnyOrder, inBatches, taskLog } from '../fixtures/task-log.ts';
import { createHistoryStore } from './history-store.ts';
import { ensureIndexes } from './indexes.ts';

const client = new MongoClient(testServers().mongoUrl);
const db = client.db(isolate('task-history').database);
const stored = db.collection<TaskEventDocument>(taskEventsCollection);
const history = createHistoryStore(db, taskEventsCollection);

beforeAll(() => ensureIndexes(db, collectionsOf(1), 50 * 365 * 86_400_000));
beforeEach(() => stored.deleteMany({}));
afterAll(async () => {
  await db.dropDatabase();
  await client.close();
});

const byId = (entries: readonly TaskEventDocument[]) =>
  entries.toSorted((one, other) => (one._id < other._id ? -1 : 1));
const entriesOf = (events: readonly LoggedEvent[]) => events.flatMap((logged) => historyEntry(logged, 1) ?? []);

/** Each event once; of a task's progress the one with the highest offset. */
function modelOf(log: readonly LoggedEvent[]): TaskEventDocument[] {
  const inOrder = entriesOf(log.toSorted((one, other) => one.offset - other.offset));
  return byId([...new Map(inOrder.map((entry) => [entry._id, entry])).values()]);
}

function cancellations(count: number): TaskEventDocument[] {
  return entriesOf(
    Array.from({ length: count }, (_, offset) => ({
      event: eventIn('tasks.cancellation-requested', { event_id: `c${offset}`, task_id: 1, requested_at: offset }),
      offset,
    })),
  );
}

describe('the history in the database', () => {
  test('given any events in any order, with repetitions, cut into any batches, then it is that of the log', async () => {
    const batchesOfALog = taskLog.chain((log) =>
      fc.record({ log: fc.constant(log), batches: inAnyOrder(log).chain(inBatches) }),
    );
    await fc.assert(
      fc.asyncProperty(batchesOfALog, async ({ log, batches }) => {
        await stored.deleteMany({});
        for (const batch of batches) await history.append(entriesOf(batch));
        expect(byId(await stored.find().toArray())).toEqual(modelOf(log));
      }),
      { numRuns: 20 },
    );
  }, 60_000);

  test('given more events of a topic than the limit, then a cut leaves those with the lowest offsets', async () => {
    const entries = cancellations(maxTaskEventsPerTopic + 30);
    await history.append(entries.toReversed());
    await history.cut(entries.slice(0, 2));
    await history.append(entries.slice(0, 10));

    const left = await stored.find({}, { sort: { offset: 1 } }).toArray();
    expect(left.map(({ offset }) => offset)).toEqual(
      Array.from({ length: maxTaskEventsPerTopic }, (_, index) => index),
    );
  });

  test('given no more than the limit, then a cut leaves all', async () => {
    const entries = cancellations(maxTaskEventsPerTopic);
    await history.append(entries);
    await history.cut(entries);
    expect(await stored.countDocuments()).toBe(maxTaskEventsPerTopic);
  });
});
