import { afterAll, expect, test } from '@jest/globals';
import { collectionsOf, retentionTimeField, taskIndexes } from '@nask/schemas';
import { isolate, testServers } from '@nask/testkit';
import { MongoClient } from 'mongodb';
import { ensureIndexes } from './indexes.ts';

const client = new MongoClient(testServers().mongoUrl);
const db = client.db(isolate('indexes').database);
const collections = collectionsOf(2);
afterAll(async () => {
  await db.dropDatabase();
  await client.close();
});

test('made again with another retention, each index is there once, and the time is the new one', async () => {
  await ensureIndexes(db, collections, 86_400_000);
  await ensureIndexes(db, collections, 86_400_000);
  await ensureIndexes(db, collections, 2 * 86_400_000);

  const indexes = await db.collection(collections.tasks).indexes();
  expect(indexes).toHaveLength(1 + taskIndexes.length + 1);
  expect(indexes.find(({ key }) => retentionTimeField in key)).toMatchObject({ expireAfterSeconds: 172_800 });
});
