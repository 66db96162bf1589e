import { afterAll, afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import {
  collectionsOf,
  readModelCollection,
  readModelId,
  readModelIdOf,
  readModelVersion,
  type ReadModelDocument,
} from '@nask/schemas';
import { createLogger, type Component } from '@nask/service';
import { connectMongo } from '@nask/service/mongo';
import { eventually, isolate, spawnService, startTcpProxy, testServers } from '@nask/testkit';
import { MongoClient } from 'mongodb';
import { answerOf, openSurroundings, post } from '../fixtures/surroundings.ts';
import { createVersionSwitch } from './version-switch.ts';

const url = new URL(testServers().mongoUrl);
const client = new MongoClient(url.href, { monitorCommands: true });
const db = client.db(isolate('version-switch').database);
const pointers = db.collection<ReadModelDocument>(readModelCollection);
const earlier = readModelVersion - 1;
const opened: Component[] = [];
let lines: string[] = [];
let finds = 0;
client.on('commandSucceeded', ({ commandName }) => void (finds += commandName === 'find' ? 1 : 0));

beforeEach(async () => {
  lines = [];
  await db.dropDatabase();
});
afterEach(() => Promise.all(opened.splice(0).map((component) => component.stop!({ graceMs: 1_000 }))));
afterAll(() => client.close());

async function open(store = db) {
  const version = createVersionSwitch({
    db: store,
    bound: () => ({ signal: AbortSignal.timeout(1_000) }),
    logger: { info: (_fields: unknown, line?: string) => void lines.push(line ?? '') },
  });
  opened.push(version);
  await version.start!({ signal: new AbortController().signal });
  return version;
}

const isReady = (version: Awaited<ReturnType<typeof open>>) => version.readiness().ok;

const earlierModels: [string, () => Promise<unknown>][] = [
  ['its tasks', () => db.collection<{ _id: number }>(collectionsOf(1, earlier).tasks).insertOne({ _id: 1 })],
  ['a rebuilt generation', () => db.collection<{ _id: number }>(collectionsOf(3, earlier).tasks).insertOne({ _id: 1 })],
  [
    'its pointer',
    () => pointers.insertOne({ _id: readModelIdOf(earlier), generation: 2, building: null, switched_at: new Date() }),
  ],
];

describe('a gateway at a store', () => {
  test('given no read model, then it is ready at once', async () => {
    const version = await open();
    expect(version.readiness()).toMatchObject({ ok: false, reason: expect.stringContaining('not known yet') });
    await eventually(() => expect(version.readiness()).toEqual({ ok: true }));
    expect(lines).toEqual([]);
  });

  test.each(earlierModels)(
    'given %s of an earlier version, then it waits until readers were sent to its own, and logs it once',
    async (_what, write) => {
      await write();
      const version = await open();
      await eventually(() =>
        expect(version.readiness()).toEqual({
          ok: false,
          reason: expect.stringContaining(`waiting for version ${readModelVersion} of the read model`),
        }),
      );
      // A rebuild has begun, and nothing was switched to.
      await pointers.insertOne({ _id: readModelId, generation: 1, building: 2 });
      const before = finds;
      await eventually(() => expect(finds).toBeGreaterThan(before + 1));
      expect(isReady(version)).toBe(false);

      await pointers.updateOne({ _id: readModelId }, { $set: { switched_at: new Date() } });
      await eventually(() => expect(isReady(version)).toBe(true));
      expect(lines).toEqual([
        'not ready: waiting for the read model of this version to be built',
        'the read model of this version is there',
      ]);
    },
  );

  test('given it was ready once, then it stays so', async () => {
    const version = await open();
    await eventually(() => expect(isReady(version)).toBe(true));
    await earlierModels[0]![1]();
    // Resolves after the look that it is at.
    await version.stop!({ graceMs: 1_000 });
    expect(isReady(version)).toBe(true);
  });

  test('given a store that does not answer, then it is ready; when it answers and has an earlier version, it waits', async () => {
    await earlierModels[0]![1]();
    const proxy = await startTcpProxy(() => Number(url.port));
    await proxy.set('refuse');
    const away = new URL(url);
    away.port = String(proxy.port);
    const silent = createLogger({ service: 'test', level: 'silent' });
    const unsteady = connectMongo(away.href, { appName: 'test', serverSelectionTimeoutMS: 300 }, silent);
    try {
      const version = await open(unsteady.client.db(db.databaseName));
      await eventually(() => expect(isReady(version)).toBe(true));
      await proxy.set('pass');
      await eventually(() => expect(isReady(version)).toBe(false));

      await proxy.set('refuse');
      await expect(unsteady.client.db('admin').command({ ping: 1 })).rejects.toThrow(/ECONN|closed|refused|select/i);
      expect(isReady(version)).toBe(false);
      await proxy.set('pass');
      await pointers.insertOne({ _id: readModelId, generation: 1, building: null, switched_at: new Date() });
      await eventually(() => expect(isReady(version)).toBe(true));
    } finally {
      await opened.splice(0)[0]?.stop!({ graceMs: 1_000 });
      await unsteady.close();
      await proxy.close();
    }
  }, 30_000);
});

test('given a process at a store with an earlier version, then it accepts tasks and is not ready until readers were sent to its own', async () => {
  const around = await openSurroundings('version-switch-process');
  const database = client.db(around.env['MONGODB_DATABASE']);
  const gateway = await spawnService('gateway', around.env);
  const readyz = async () => answerOf(fetch(`${gateway.opsUrl}/readyz`));
  try {
    expect((await readyz())[0]).toBe(200);
    await gateway.stop();
    await database.collection<{ _id: number }>(collectionsOf(1, earlier).tasks).insertOne({ _id: 1 });
    const ready = gateway.start();

    await eventually(async () =>
      expect(await readyz()).toEqual([
        503,
        expect.objectContaining({
          checks: expect.objectContaining({
            'version of the read model': { ok: false, reason: expect.stringContaining('waiting for version') },
            'schemas and task ids': { ok: true },
          }),
        }),
      ]),
    );
    expect((await post(gateway.url, { type: 'prime', payload: { input: 100 } })).status).toBe(202);

    const pointer = { _id: readModelId, generation: 1, building: null, switched_at: new Date() };
    await database.collection<ReadModelDocument>(readModelCollection).insertOne(pointer);
    await ready;
    expect((await readyz())[0]).toBe(200);
    expect(gateway.log()).toMatch(/not ready: waiting for the read model/);
  } finally {
    await gateway.close();
    await database.dropDatabase();
    await around.close();
  }
}, 60_000);
