import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import {
  checkpointsCollection,
  taskEventsCollection,
  tasksCollection,
  type CheckpointDocument,
  type TaskDocument,
  type TaskEventDocument,
} from '@nask/schemas';
import { isolate, testServers } from '@nask/testkit';
import { MongoClient, type Db, type Document } from 'mongodb';
import { openStoreProxy, storeFaults, type Fault, type StoreProxy } from '../fixtures/store-proxy.ts';
import { createCheckpoints } from '../positions/checkpoints.ts';
import { createDocumentStore } from './document-store.ts';
import { createHistoryStore } from './history-store.ts';

/** What is told to be written is written, whatever the store answered meanwhile. */
const { database } = isolate('write-errors');
const client = new MongoClient(testServers().mongoUrl);
const db = client.db(database);
let proxy: StoreProxy;
let unsteady: MongoClient;
let unsteadyDb: Db;
/** Of the next command that it says something of, and of that alone. */
let nextFault: ((command: Document) => Fault | undefined) | undefined;

beforeAll(async () => {
  proxy = await openStoreProxy(testServers().mongoUrl, (command) => {
    const fault = nextFault?.(command);
    if (fault !== undefined) nextFault = undefined;
    return fault;
  });
  // As a failover does, but soon over.
  unsteady = new MongoClient(proxy.url, { heartbeatFrequencyMS: 500, retryWrites: false });
  unsteadyDb = unsteady.db(database);
});
const written = [tasksCollection, taskEventsCollection, checkpointsCollection];
beforeEach(() => Promise.all(written.map((name) => db.collection(name).deleteMany({}))));
afterAll(async () => {
  await db.dropDatabase();
  await Promise.all([client.close(), unsteady.close()]);
  await proxy.close();
});

function task(id: number, offset: number): TaskDocument {
  const requested_at = new Date(0);
  const requested = { offset, event_id: `${id}`, type: 'prime', payload: '{}', notify_url: null, requested_at };
  return { _id: id, status: 'PENDING', created_at: requested_at, requested };
}

function entry(offset: number, topic: TaskEventDocument['topic'] = 'tasks.requested'): TaskEventDocument {
  const _id = topic === 'tasks.progressed' ? `1/${topic}` : `1/${topic}/${offset}`;
  return {
    _id,
    task_id: 1,
    topic,
    partition: 0,
    offset,
    event: 'E',
    time: new Date(0),
  } as unknown as TaskEventDocument;
}

interface Writing {
  given(): Promise<unknown>;
  write(): Promise<unknown>;
  written(): Promise<unknown>;
  expected: unknown;
}

const ids = async () =>
  (await db.collection<TaskDocument>(tasksCollection).find().toArray()).map(({ _id }) => _id).toSorted((a, b) => a - b);
const history = () => db.collection<TaskEventDocument>(taskEventsCollection);

const writings: [string, () => Writing][] = [
  [
    'new documents',
    () => ({
      given: async () => undefined,
      write: () => createDocumentStore(unsteadyDb, tasksCollection).merge([task(1, 5), task(2, 6)]),
      written: ids,
      expected: [1, 2],
    }),
  ],
  [
    'documents that are there in part',
    () => ({
      given: () => createDocumentStore(db, tasksCollection).merge([task(1, 9)]),
      write: () => createDocumentStore(unsteadyDb, tasksCollection).merge([task(1, 5), task(2, 6)]),
      written: async () => [
        await ids(),
        (await db.collection<TaskDocument>(tasksCollection).findOne({ _id: 1 }))?.requested?.offset,
      ],
      expected: [[1, 2], 5],
    }),
  ],
  [
    'history',
    () => ({
      given: () => createHistoryStore(db, taskEventsCollection).append([entry(1)]),
      write: () => createHistoryStore(unsteadyDb, taskEventsCollection).append([entry(1), entry(2)]),
      written: () => history().countDocuments(),
      expected: 2,
    }),
  ],
  [
    'history of progress',
    () => ({
      given: async () => undefined,
      write: () => createHistoryStore(unsteadyDb, taskEventsCollection).append([entry(4, 'tasks.progressed')]),
      written: async () => (await history().findOne({}))?.offset,
      expected: 4,
    }),
  ],
  [
    'checkpoints',
    () => ({
      given: async () => undefined,
      write: () =>
        createCheckpoints(unsteadyDb, checkpointsCollection).advance([{ topic: 't', partition: 0, nextOffset: 7 }]),
      written: async () => (await db.collection<CheckpointDocument>(checkpointsCollection).findOne({}))?.next_offset,
      expected: 7,
    }),
  ],
];

describe.each(writings)('%s', (_what, open) => {
  test.each(storeFaults)(
    '%s: it is written, or refused and written when it is tried again',
    async (_fault, faultOf) => {
      const { given, write, written, expected } = open();
      await given();
      nextFault = faultOf;
      const isRefused = await write().then(
        () => false,
        () => true,
      );
      if (isRefused) {
        nextFault = undefined;
        await write();
      }
      nextFault = undefined;
      expect(await written()).toEqual(expected);
    },
    5_000,
  );
});
