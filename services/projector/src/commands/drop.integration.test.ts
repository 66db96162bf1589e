import { afterAll, beforeEach, describe, expect, test } from '@jest/globals';
import { connectKafka, createParallelConsumer, deleteGroup } from '@nask/kafka';
import {
  collectionsOf,
  projectionLagCollection,
  projectionLagCollectionOf,
  readModelCollection,
  readModelIdOf,
  type ReadModelDocument,
} from '@nask/schemas';
import { createLogger } from '@nask/service';
import { eventually, isolate, testServers } from '@nask/testkit';
import { MongoClient } from 'mongodb';
import { openEventLog } from '../fixtures/event-log.ts';
import { createGenerations } from '../read-model/generations.ts';
import { drop } from './drop.ts';

/** A store in which version 1 of the read model is still there, in two generations. */
const servers = testServers();
const isolation = isolate('drop');
const { topicPrefix } = isolation;
const logger = createLogger({ service: 'test', level: 'silent' });
const connection = connectKafka({ brokers: servers.brokers, clientId: 'test', topicPrefix, logger });
const client = new MongoClient(servers.mongoUrl);
const db = client.db(isolation.database);
const pointers = db.collection<ReadModelDocument>(readModelCollection);
const ofVersion1 = [
  ...[1, 2].flatMap((generation) => Object.values(collectionsOf(generation, 1))),
  projectionLagCollectionOf(1),
];
const ofVersion2 = [...Object.values(collectionsOf(1, 2)), projectionLagCollection];
let printed: string[] = [];
const context = { connection, db, topicPrefix, print: (line: string) => void printed.push(line) };

beforeEach(async () => {
  printed = [];
  await db.dropDatabase();
  for (const name of [...ofVersion1, ...ofVersion2, 'other']) await db.collection(name).insertOne({ some: 'thing' });
  await pointers.insertOne({ _id: readModelIdOf(1), generation: 2, building: null, switched_at: new Date() });
});
afterAll(async () => {
  await db.dropDatabase();
  await client.close();
});

const collectionNames = async () =>
  (await db.listCollections({}, { nameOnly: true }).toArray()).map(({ name }) => name);

describe('drop of an earlier version', () => {
  test('given no name, then what there is is listed, earlier versions first', async () => {
    await drop(context, undefined);
    expect(printed).toEqual(['v1 earlier version', '1 live']);
  });

  test('given readers that were not sent to this version yet, then it is refused', async () => {
    await expect(drop(context, 'v1')).rejects.toThrow('Readers were not sent to version 2 yet: v1 is not dropped');
    expect(await collectionNames()).toEqual(expect.arrayContaining(ofVersion1));
  });

  test('given readers that were, then all of it is deleted, and nothing else', async () => {
    await createGenerations(db).switchToFirst();
    await drop(context, 'v1');

    expect(printed).toEqual(['Version 1 is deleted.']);
    expect(new Set(await collectionNames())).toEqual(new Set([...ofVersion2, 'other', readModelCollection]));
    expect(
      await pointers
        .find()
        .map(({ _id }) => _id)
        .toArray(),
    ).toEqual([readModelIdOf(2)]);
    await drop(context, undefined);
    expect(printed.slice(1)).toEqual(['1 live']);
  });

  test('given a projector of that version that still runs, then it is refused; once that has stopped, its group is deleted', async () => {
    await createGenerations(db).switchToFirst();
    const log = await openEventLog(servers, isolation);
    const consumer = createParallelConsumer({
      connection,
      groupId: `${topicPrefix}projector`,
      topics: ['tasks.requested'],
      batchHandler: async () => undefined,
      logger,
    });
    await consumer.start();
    try {
      await eventually(() => expect(consumer.health()).toMatchObject({ ready: true }));
      await expect(drop(context, 'v1')).rejects.toThrow(/^A projector of version 1 is running/);
      expect(await collectionNames()).toEqual(expect.arrayContaining(ofVersion1));
    } finally {
      await consumer.stop();
      await log.close();
    }
    await drop(context, 'v1');
    expect(await deleteGroup(connection, `${topicPrefix}projector`)).toBe('absent');
  }, 60_000);

  test('given Kafka that does not answer, then it is refused, and nothing is deleted', async () => {
    await createGenerations(db).switchToFirst();
    const closedPort = connectKafka({ brokers: ['127.0.0.1:9'], clientId: 'test', topicPrefix, logger });
    await expect(drop({ ...context, connection: closedPort }, 'v1')).rejects.toThrow(
      /^Whether a projector of version 1 is running \(group .*projector\) is not known: v1 is not dropped\. Kafka: .+/,
    );
    expect(await collectionNames()).toEqual(expect.arrayContaining([...ofVersion1, ...ofVersion2]));
    expect(await pointers.countDocuments({ _id: readModelIdOf(1) })).toBe(1);
    expect(printed).toEqual([]);
  }, 30_000);

  test('given a drop that was interrupted, then the next one deletes the rest', async () => {
    await createGenerations(db).switchToFirst();
    const { taskEvents, checkpoints } = collectionsOf(1, 1);
    for (const name of [taskEvents, checkpoints]) await db.collection(name).drop();
    await drop(context, 'v1');
    expect((await collectionNames()).filter((name) => ofVersion1.includes(name))).toEqual([]);
  });

  test.each([
    ['v2', 'v2 is the version of this projector'],
    ['v7', 'There is nothing of a version v7. Earlier versions: v1'],
    ['v0', 'There is no generation v0'],
    ['v1x', 'There is no generation v1x'],
  ])('given %s, then it is refused', async (name, reason) => {
    await createGenerations(db).switchToFirst();
    await expect(drop(context, name)).rejects.toThrow(reason);
    expect(await collectionNames()).toEqual(expect.arrayContaining([...ofVersion1, ...ofVersion2]));
  });
});
