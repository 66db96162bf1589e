import { afterAll, beforeEach, describe, expect, test } from '@jest/globals';
import {
  collectionsOf,
  projectionLagCollection,
  projectionLagCollectionOf,
  readModelCollection,
  readModelIdOf,
  type ReadModelDocument,
} from '@nask/schemas';
import { isolate, testServers } from '@nask/testkit';
import { MongoClient } from 'mongodb';
import { createGenerations } from '../read-model/generations.ts';
import { drop } from './drop.ts';

/** A store in which version 1 of the read model is still there, in two generations. */
const client = new MongoClient(testServers().mongoUrl);
const db = client.db(isolate('drop').database);
const pointers = db.collection<ReadModelDocument>(readModelCollection);
const ofVersion1 = [
  ...[1, 2].flatMap((generation) => Object.values(collectionsOf(generation, 1))),
  projectionLagCollectionOf(1),
];
const ofVersion2 = [...Object.values(collectionsOf(1, 2)), projectionLagCollection];
let printed: string[] = [];
const context = { db, print: (line: string) => void printed.push(line) };

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
    expect((await collectionNames()).toSorted()).toEqual([...ofVersion2, 'other', readModelCollection].toSorted());
    expect(
      await pointers
        .find()
        .map(({ _id }) => _id)
        .toArray(),
    ).toEqual([readModelIdOf(2)]);
    await drop(context, undefined);
    expect(printed.slice(1)).toEqual(['1 live']);
  });

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
