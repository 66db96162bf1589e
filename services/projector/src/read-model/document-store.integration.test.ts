import { afterAll, beforeEach, describe, expect, test } from '@jest/globals';
import { tasksCollection, type TaskDocument } from '@nask/schemas';
import { isolate, testServers } from '@nask/testkit';
import fc from 'fast-check';
import { BSON, MongoClient, type Db, type Document } from 'mongodb';
import type { LoggedEvent } from '../events/event.ts';
import { evolve, foldBatch } from '../events/evolve.ts';
import { eventIn } from '../fixtures/task-events.ts';
import { inAnyOrder, inBatches, modelOf, taskLog } from '../fixtures/task-log.ts';
import { createDocumentStore, type DocumentStore } from './document-store.ts';

const client = new MongoClient(testServers().mongoUrl);
const db = client.db(isolate('task-store').database);
const tasks = db.collection<TaskDocument>(tasksCollection);
const store = createDocumentStore(db, tasksCollection);

beforeEach(() => tasks.deleteMany({}));
afterAll(async () => {
  await db.dropDatabase();
  await client.close();
});

const batchesOfALog = taskLog.chain((log) =>
  fc.record({ log: fc.constant(log), batches: inAnyOrder(log).chain(inBatches) }),
);

/** As the database has it, not as the driver reads it. */
async function storedBytes(): Promise<Map<number, string>> {
  const raw = (await tasks.find({}, { raw: true }).toArray()) as unknown as Buffer[];
  return new Map(raw.map((bytes) => [(BSON.deserialize(bytes) as TaskDocument)._id, bytes.toString('hex')]));
}

function bytesOf(documents: ReadonlyMap<number, TaskDocument>): Map<number, string> {
  return new Map([...documents].map(([id, document]) => [id, Buffer.from(BSON.serialize(document)).toString('hex')]));
}

/** @param write writes all batches; the first that is refused ends it */
async function expectTheBytesOfTheLog(
  write: (batches: LoggedEvent[][]) => Promise<unknown>,
  { endOnFailure = false } = {},
): Promise<void> {
  await fc.assert(
    fc.asyncProperty(batchesOfALog, async ({ log, batches }) => {
      await tasks.deleteMany({});
      await write(batches);
      expect(await storedBytes()).toEqual(bytesOf(modelOf(log)));
    }),
    { numRuns: 40, endOnFailure },
  );
}

async function oneAfterTheOther(target: DocumentStore, batches: LoggedEvent[][]): Promise<void> {
  for (const batch of batches) await target.merge(foldBatch(batch).values());
}

/** As the consumer does: a batch that was refused is written again. */
async function untilWritten(batch: LoggedEvent[]): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      await store.merge(foldBatch(batch).values());
      return;
    } catch (error) {
      if (attempt === 20) throw error;
    }
  }
}

function request(id: number, eventId: string, offset: number, payload = '{}'): LoggedEvent {
  const fields = { event_id: eventId, task_id: id, type: 'sleep', payload, requested_at: 0 };
  return { event: eventIn('tasks.requested', fields), offset };
}

function scheduled(id: number, eventId: string, offset: number): LoggedEvent {
  const fields = { event_id: eventId, task_id: id, type: 'sleep', payload: '{}', requested_at: 0, run_at: 60_000 };
  return { event: eventIn('tasks.scheduled', fields), offset };
}

function start(id: number): LoggedEvent {
  const fields = { event_id: 's', task_id: id, attempt: 1, executor: 'x', started_at: 0 };
  return { event: eventIn('tasks.started', fields), offset: 0 };
}

const merge = (...events: LoggedEvent[]) => store.merge(foldBatch(events).values());

describe('the documents in the database', () => {
  test('given any events in any order, cut into any batches, then they are the bytes that the fold makes', async () => {
    await expectTheBytesOfTheLog((batches) => oneAfterTheOther(store, batches));
  }, 60_000);

  test('given two projectors that write all of it at the same time, then they are the same bytes', async () => {
    const inTurn = async (batches: LoggedEvent[][]) => {
      for (const batch of batches) await untilWritten(batch);
    };
    await expectTheBytesOfTheLog((batches) => Promise.all([inTurn(batches), inTurn(batches.toReversed())]));
  }, 60_000);

  test('the check of the bytes catches a store that replaces documents', async () => {
    const replacing: DocumentStore = {
      async merge(documents) {
        for (const document of documents) await tasks.replaceOne({ _id: document._id }, document, { upsert: true });
        return new Map();
      },
      erasedAmong: async () => [],
    };
    const check = expectTheBytesOfTheLog((batches) => oneAfterTheOther(replacing, batches), { endOnFailure: true });
    await expect(check).rejects.toThrow(/Property failed/);
  }, 60_000);

  test('given tasks that nobody knows yet, then no field’s place is left to the store, as an upsert would leave it', async () => {
    const watched = new MongoClient(testServers().mongoUrl, { monitorCommands: true });
    const commands: Document[] = [];
    watched.on('commandStarted', ({ command }) => commands.push(command));
    const watchedStore = createDocumentStore(watched.db(db.databaseName), tasksCollection);

    for (const event of [start(1), request(1, 'first', 5), start(1), start(2), request(3, 'third', 7)])
      await watchedStore.merge(foldBatch([event]).values());
    await watched.close();

    expect(await tasks.countDocuments()).toBe(3);
    expect(commands.flatMap(({ updates }) => (updates as Document[]) ?? []).filter(({ upsert }) => upsert)).toEqual([]);
    expect(commands.filter(({ insert }) => insert === tasksCollection)).not.toEqual([]);
  });

  test('given a document that goes before it is updated, as a failover can make it, then that is refused, and written again it is there', async () => {
    await merge(request(1, 'first', 5));
    const vanishing = new Proxy(tasks, {
      get(target, name) {
        if (name !== 'bulkWrite') return Reflect.get(target, name, target) as unknown;
        return async (...write: Parameters<typeof target.bulkWrite>) => {
          // The driver inserts by it too.
          if ('updateOne' in write[0][0]!) await target.deleteMany({});
          return target.bulkWrite(...write);
        };
      },
    });
    const failing = createDocumentStore({ collection: () => vanishing } as unknown as Db, tasksCollection);

    for (const event of [start(1), request(1, 'first', 5)]) {
      await merge(request(1, 'first', 5));
      await expect(failing.merge(foldBatch([event]).values())).rejects.toThrow('1 of 1 documents have gone');
      await merge(event);
      expect(await tasks.countDocuments()).toBe(1);
    }
  });

  test('given more bytes than one message may have, then all of them are written', async () => {
    const digits = JSON.stringify('7'.repeat(209_000));
    const events = Array.from({ length: 100 }, (_, index) => request(index + 1, `request-${index}`, index, digits));

    await merge(...events);
    await merge(...events);

    const inOrder = await tasks.find({}, { sort: { _id: 1 } }).toArray();
    expect(inOrder.map(({ _id, requested }) => [_id, requested?.payload === digits])).toEqual(
      events.map(({ event }) => [event.data.task_id, true]),
    );
  }, 60_000);
});

describe('the requests of tasks that were stored before', () => {
  const requested = (event_id: string) => ({ requested: { event_id } });
  const entry = (_id: number, requests: object) => [_id, { _id, ...requests }] as const;

  test('given new tasks, then there are none', async () => {
    expect(await merge(request(1, 'one', 0), request(2, 'two', 1))).toEqual(new Map());
  });

  test('given a task with a request, then it is the one that keeps the slot', async () => {
    await merge(request(1, 'first', 5), request(2, 'second', 6));

    expect(await merge(request(1, 'later', 7), request(2, 'earlier', 4), request(3, 'third', 8))).toEqual(
      new Map([entry(1, requested('first')), entry(2, requested('earlier'))]),
    );
  });

  test('given a task with a request in the other topic, then there are both', async () => {
    await merge(scheduled(1, 'first', 5));

    expect(await merge(request(1, 'other', 0))).toEqual(
      new Map([entry(1, { scheduled: { event_id: 'first' }, ...requested('other') })]),
    );
  });

  test('given a task that was known by another event only, then it is this request', async () => {
    await merge(start(1));

    expect(await merge(request(1, 'first', 5))).toEqual(new Map([entry(1, requested('first'))]));
    expect(await tasks.findOne({ _id: 1 })).toMatchObject({ status: 'STARTED', requested: { event_id: 'first' } });
  });

  test('given more known tasks than one query asks for, then there are all of them', async () => {
    const events = Array.from({ length: 230 }, (_, index) => request(index + 1, `request-${index}`, index));
    await merge(...events);

    expect(await merge(...events)).toEqual(
      new Map(events.map(({ event }) => entry(event.data.task_id, requested(event.data.event_id)))),
    );
  }, 30_000);
});

const webhookAttempt = (n: number) =>
  eventIn('notifications.attempted', {
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
    attempted_at: n,
    next_attempt_at: n === 3 ? null : n + 1,
    notifier: 'x',
  });

test('attempts that are merged in any order, with any repetition, give the bytes of the last one', async () => {
  let id = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(fc.constantFrom(1, 2, 3), { minLength: 1, maxLength: 5 }), async (order) => {
      id += 1;
      for (const n of order) await store.merge([{ ...evolve(undefined, webhookAttempt(n), n), _id: id }]);
      const highest = Math.max(...order);
      const expected: TaskDocument = { ...evolve(undefined, webhookAttempt(highest), highest), _id: id };
      const stored = await tasks.findOne({ _id: id });
      expect(Buffer.compare(BSON.serialize(stored!), BSON.serialize(expected))).toBe(0);
    }),
    { numRuns: 15 },
  );
}, 60_000);
