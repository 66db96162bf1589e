import { afterAll, afterEach, describe, expect, test } from '@jest/globals';
import { collectionsOf, retentionTimeField, taskEventIndexes, taskIndexes, type TaskDocument } from '@nask/schemas';
import { isolate, testServers } from '@nask/testkit';
import { MongoClient } from 'mongodb';
import { evolve } from '../events/evolve.ts';
import { eventIn } from '../fixtures/task-events.ts';
import { createDocumentStore } from './document-store.ts';
import { ensureIndexes } from './indexes.ts';

const client = new MongoClient(testServers().mongoUrl);
const db = client.db(isolate('indexes').database);
const collections = collectionsOf(2);
const dayMs = 86_400_000;
afterEach(() => db.dropDatabase());
afterAll(() => client.close());

test('made again with another retention, each index is there once, and the time is the new one', async () => {
  await ensureIndexes(db, collections, dayMs);
  await ensureIndexes(db, collections, dayMs);
  await ensureIndexes(db, collections, 2 * dayMs);

  for (const [collection, wanted] of [
    [collections.tasks, taskIndexes],
    [collections.taskEvents, taskEventIndexes],
  ] as const) {
    const indexes = await db.collection(collection).indexes();
    expect(indexes.map(({ key }) => JSON.stringify(key)).toSorted()).toEqual(
      [{ _id: 1 }, { [retentionTimeField]: 1 }, ...wanted.map(({ key }) => key)]
        .map((key) => JSON.stringify(key))
        .toSorted(),
    );
    const retention = indexes.find(({ key }) => retentionTimeField in key);
    expect(retention).toMatchObject({ expireAfterSeconds: (2 * dayMs) / 1_000 });
    for (const { key, partialFilterExpression } of wanted)
      expect(indexes.find((index) => JSON.stringify(index.key) === JSON.stringify(key))).toEqual(
        partialFilterExpression === undefined
          ? expect.not.objectContaining({ partialFilterExpression: expect.anything() })
          : expect.objectContaining({ partialFilterExpression }),
      );
  }
});

/** The filters of the console's list: each with the fields of the index that serves it, those of its order last. */
const filters: [filter: string, index: string][] = [
  ['status', 'status _id'],
  ['status, newest first', 'status created_at _id'],
  ['type', 'type _id'],
  ['type, newest first', 'type created_at _id'],
  ['accepted from, accepted before', 'created_at _id'],
  ['open since', 'status created_at _id'],
  ['ended from, ended before', 'completed.completed_at _id'],
  ['executor', 'started.executor _id'],
  ['error code', 'completed.error.code _id'],
  ['failures of the same kind', 'completed.fingerprint completed.completed_at _id'],
  ['state of the webhook', 'notified.state _id'],
  ['client', 'client _id'],
  ['tag', 'tags _id'],
  ['search value', 'search _id'],
  ['run again from', 'origin_id _id'],
  ['time to run', 'run_at _id'],
];

describe('the indexes of the documents', () => {
  const keys = taskIndexes.map(({ key }) => Object.keys(key).join(' '));

  test.each(filters)('given the filter %s, then there is the index %s', (_filter, index) => {
    expect(keys).toContain(index);
  });

  test('given an index, then a filter uses it', () => {
    expect(keys.filter((key) => !filters.some(([, index]) => index === key))).toEqual([]);
  });

  test('given a task with every field, then each index has an entry of it, and a search by it finds it', async () => {
    await ensureIndexes(db, collections, 100 * 365 * dayMs);
    const ids = { event_id: 'e', task_id: 1 };
    const request = { ...ids, type: 'prime', payload: '{}', requested_at: Date.now() };
    const attempt = { ...ids, attempt: 1, executor: 'executor-a' };
    const error = { code: 'ECONNREFUSED', message: 'No.', causes: [] };
    const events = [
      eventIn('tasks.requested', {
        ...request,
        client: 'shop',
        tags: ['b', 'a'],
        search: [{ name: 'customer.id', value: '7' }],
        origin_id: 5,
        run_at: Date.now(),
      }),
      eventIn('tasks.started', { ...attempt, started_at: Date.now() }),
      eventIn('tasks.completed', { ...request, ...attempt, outcome: 'FAILURE', completed_at: Date.now(), error }),
      eventIn('notifications.attempted', {
        ...ids,
        webhook_id: 'w',
        completion_offset: 0,
        round: 0,
        attempt: 1,
        state: 'DELIVERED',
        result: 'accepted',
        duration_ms: 1,
        attempted_at: Date.now(),
        notifier: 'n',
      }),
    ];
    const documents = createDocumentStore(db, collections.tasks);
    for (const event of events) await documents.merge([evolve(undefined, event, 0)]);

    const tasks = db.collection<TaskDocument>(collections.tasks);
    const document = (await tasks.findOne({ _id: 1 }))!;
    for (const { key } of taskIndexes) {
      const filter = Object.fromEntries(Object.keys(key).map((path) => [path, valueAt(document, path)]));
      expect(Object.values(filter)).not.toContain(undefined);
      expect(
        await tasks
          .find(filter)
          .hint({ ...key })
          .toArray(),
      ).toEqual([document]);
    }
  });
});

/** Of an array its first element, by which an index has the document too. */
function valueAt(document: object, path: string): unknown {
  const value = path
    .split('.')
    .reduce<unknown>((inner, name) => (inner as Record<string, unknown> | undefined)?.[name], document);
  return Array.isArray(value) ? value[0] : value;
}
