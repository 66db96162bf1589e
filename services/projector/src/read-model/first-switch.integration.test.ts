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

async function open(): Promise<void> {
  const state = openLogState(connection);
  const counted: LogState = {
    ...state,
    async look(...args) {
      const found = await state.look(...args);
      looks += 1;
      return found;
    },
  };
  opened = createFirstSwitch({ generations, log: counted, checkpoints, logger });
  await opened.start!({} as never);
}

async function afterALook(): Promise<void> {
  // The one that is under way may have begun before.
  const before = looks;
  await eventually(() => expect(looks).toBeGreaterThan(before + 1));
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

test('given a read model that is behind, then readers are sent to it once it has what the log had at the start', async () => {
  await write(1);
  await open();
  await afterALook();
  await projectAllBut(1);
  await afterALook();
  expect(await pointers.countDocuments()).toBe(0);

  await projectAllBut(0);
  // A log that grows meanwhile does not matter.
  await write(2);
  await eventually(async () =>
    expect(await pointers.find().toArray()).toEqual([
      { _id: readModelId, generation: 1, building: null, switched_at: expect.any(Date) },
    ]),
  );
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
