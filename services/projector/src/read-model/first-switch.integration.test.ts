import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { connectKafka } from '@nask/kafka';
import { collectionsOf, readModelCollection, readModelId, type ReadModelDocument } from '@nask/schemas';
import { createLogger } from '@nask/service';
import { eventually, isolate, testServers } from '@nask/testkit';
import { MongoClient } from 'mongodb';
import { openLogState, type LogState } from '../commands/context.ts';
import { openEventLog, type EventLog } from '../fixtures/event-log.ts';
import { requestOf } from '../fixtures/task-events.ts';
import { createCheckpoints } from '../positions/checkpoints.ts';
import { createFirstSwitch } from './first-switch.ts';
import { createGenerations } from './generations.ts';

/** With the checkpoints of a projector that the test moves. */
const servers = testServers();
const isolation = isolate('first-switch');
const { topicPrefix } = isolation;
const logger = createLogger({ service: 'test', level: 'silent' });
const connection = connectKafka({ brokers: servers.brokers, clientId: 'test', topicPrefix, logger });
const client = new MongoClient(servers.mongoUrl);
const db = client.db(isolation.database);
const pointers = db.collection<ReadModelDocument>(readModelCollection);
const checkpoints = createCheckpoints(db, collectionsOf(1).checkpoints);
const generations = createGenerations(db);
let log: EventLog;
let looks = 0;
let opened: ReturnType<typeof createFirstSwitch> | undefined;

beforeAll(async () => {
  log = await openEventLog(servers, isolation);
}, 60_000);
beforeEach(() => db.dropDatabase());
afterEach(() => opened?.stop?.({ graceMs: 1_000 }));
afterAll(async () => {
  await log.close();
  await db.dropDatabase();
  await client.close();
});

/** @param beforeLook what log and projector do before each look at them */
async function open(beforeLook: () => Promise<void> = async () => undefined): Promise<void> {
  const state = openLogState(connection);
  const counted: LogState = {
    ...state,
    async look(...args) {
      await beforeLook();
      const found = await state.look(...args);
      looks += 1;
      return found;
    },
  };
  opened = createFirstSwitch({ generations, log: counted, checkpoints, logger, intervalMs: 20 });
  await opened.start!({} as never);
}

async function afterLooks(count: number): Promise<void> {
  // The one that is under way may have begun before.
  const before = looks;
  await eventually(() => expect(looks).toBeGreaterThan(before + count));
}

const write = (id: number) => log.write([{ topic: 'tasks.requested', data: requestOf(id) }]);

/** As a projector does that reads all but the newest records of each partition. */
async function projectAllBut(unread: number): Promise<void> {
  const state = openLogState(connection);
  const partitions = await state.look(checkpoints);
  await state.stop();
  await checkpoints.advance(
    partitions.map(({ topic, partition, logEnd }) => ({ topic, partition, nextOffset: Math.max(0, logEnd - unread) })),
  );
}

const switchedToFirst = [{ _id: readModelId, generation: 1, building: null, switched_at: expect.any(Date) }];

test('given a read model that is behind, then readers are sent to it once it has what the log had at the look before', async () => {
  await write(1);
  await projectAllBut(1);
  await open();
  await afterLooks(2);
  expect(await pointers.countDocuments()).toBe(0);

  await projectAllBut(0);
  await eventually(async () => expect(await pointers.find().toArray()).toEqual(switchedToFirst));
}, 30_000);

test('given a log that grows faster than it is read, then readers are not sent before the read model has caught up', async () => {
  let unread = 1;
  let isGrowing = true;
  await open(async () => {
    if (!isGrowing) return projectAllBut(0);
    // One of two new records is read.
    for (const id of [1, 1]) await write(id);
    await projectAllBut((unread += 1));
  });
  await afterLooks(5);
  expect(await pointers.countDocuments()).toBe(0);

  isGrowing = false;
  await eventually(async () => expect(await pointers.find().toArray()).toEqual(switchedToFirst));
}, 30_000);

test('given steady load, then readers are sent to a read model that has what the log had at the look before', async () => {
  await open(async () => {
    for (const id of [1, 1, 1]) await write(id);
    await projectAllBut(3);
  });
  await eventually(async () => expect(await pointers.find().toArray()).toEqual(switchedToFirst));
}, 30_000);

test('given a look that failed, then the next one is not compared with the one before it', async () => {
  let count = 0;
  await open(async () => {
    count += 1;
    if (count === 2) {
      // All that the first look has found is read meanwhile, and the log has grown.
      await projectAllBut(0);
      for (const id of [1, 1]) await write(id);
      throw new Error('Kafka is away');
    }
    if (count > 3) await write(1);
  });
  await afterLooks(5);
  expect(await pointers.countDocuments()).toBe(0);
}, 30_000);

test('given a rebuild that has begun and not ended, then readers are sent to the first generation, and the rebuild goes on', async () => {
  const building = await generations.build();
  expect(await generations.isSwitched()).toBe(false);
  await projectAllBut(0);
  await open();
  await eventually(async () => expect(await generations.isSwitched()).toBe(true));
  expect(await pointers.findOne()).toMatchObject({ generation: 1, building });
}, 30_000);

test('given readers that were sent to a generation, then that stays', async () => {
  const switched = { _id: readModelId, generation: 3, building: 4, switched_at: new Date(0) };
  await pointers.insertOne(switched);
  await projectAllBut(0);
  await generations.switchToFirst();
  expect(await pointers.find().toArray()).toEqual([switched]);
});
