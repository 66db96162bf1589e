import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createLogger, loadSettings } from '@nask/service';
import { eventually, isolate, startTcpProxy, testServers, type TcpProxy } from '@nask/testkit';
import { settingsTable } from '../config.ts';
import { connectStore, durable, type StoreConnection } from './store-connection.ts';

let proxy: TcpProxy;
let store: StoreConnection;

beforeAll(async () => {
  const url = new URL(testServers().mongoUrl);
  const storePort = Number(url.port);
  proxy = await startTcpProxy(() => storePort);
  url.port = String(proxy.port);
  const logger = createLogger({ service: 'test', level: 'silent' });
  const settings = loadSettings(settingsTable, { MONGODB_URL: url.href, MONGODB_DATABASE: isolate('silent').database });
  store = connectStore({ ...settings, MONGODB_TIMEOUT_MS: 300 }, logger);
});
afterAll(async () => {
  await proxy.set('pass');
  await store.db.dropDatabase();
  await store.close();
  await proxy.close();
});

describe('a store that accepts and never answers', () => {
  test('lets every kind of operation fail, however many there are; when it answers again, so do they', async () => {
    const numbers = store.db.collection<{ _id: number }>('numbers');
    await numbers.insertMany([{ _id: 1 }, { _id: 2 }], durable);
    const cursor = numbers.find({}, { batchSize: 1 });
    expect(await cursor.next()).not.toBeNull();

    await proxy.set('hang');
    // More than there are connections: those that wait for one fail too.
    const operations = [
      cursor.next(),
      numbers.findOne({ _id: 1 }),
      numbers.createIndex({ other: 1 }),
      ...[3, 4, 5].map((_id) => numbers.insertOne({ _id }, durable)),
      numbers.bulkWrite([{ updateOne: { filter: { _id: 1 }, update: { $set: { other: 1 } } } }], durable),
      store.db.command({ ping: 1 }),
    ];
    const outcomes = await Promise.allSettled(operations);
    expect(outcomes.map(({ status }) => status)).toEqual(operations.map(() => 'rejected'));

    await proxy.set('pass');
    await eventually(async () => expect(await numbers.findOne({ _id: 2 })).toEqual({ _id: 2 }));
    await numbers.updateOne({ _id: 2 }, { $set: { other: 2 } }, durable);
    await eventually(() => expect(store.isWritable()).toBe(true));
  }, 30_000);
});
