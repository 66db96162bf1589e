import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import { eventually, startTcpProxy, testServers, type ProxyMode, type TcpProxy } from '@nask/testkit';
import { MongoError } from 'mongodb';
import { createLogger } from '../logging/logger.ts';
import { connectMongo } from './connect-mongo.ts';

const logger = createLogger({ service: 'test', level: 'silent' });
const url = new URL(testServers().mongoUrl);
const storePort = Number(url.port);
let proxy: TcpProxy;

beforeAll(async () => {
  proxy = await startTcpProxy(() => storePort);
  url.port = String(proxy.port);
});
afterAll(() => proxy.close());

const connect = () => connectMongo(url.href, { appName: 'test', serverSelectionTimeoutMS: 300 }, logger);
const ping = ({ client }: ReturnType<typeof connectMongo>) => client.db('admin').command({ ping: 1 });

test.each<ProxyMode>(['refuse', 'hang', 'reset'])(
  'a client that was opened while its server was away works once the server is back (%s)',
  async (mode) => {
    await proxy.set(mode);
    const connection = connect();
    for (let attempts = 0; attempts < 3; attempts += 1)
      await expect(ping(connection)).rejects.toBeInstanceOf(MongoError);
    await proxy.set('pass');
    await eventually(() => ping(connection));
    await connection.close();
    await expect(ping(connection)).rejects.toBeInstanceOf(MongoError);
  },
  30_000,
);

test('an operation that a silent server holds is cut off, and the next one works once the server is back', async () => {
  const connection = connect();
  await eventually(() => ping(connection));
  await proxy.set('hang');
  await expect(ping(connection)).rejects.toBeInstanceOf(MongoError);
  await proxy.set('pass');
  await eventually(() => ping(connection));
  await connection.close();
}, 30_000);

test('a client that never found its server can be closed, and stays so', async () => {
  await proxy.set('refuse');
  const connection = connect();
  await expect(ping(connection)).rejects.toBeInstanceOf(MongoError);
  await connection.close();
  await proxy.set('pass');
  await expect(ping(connection)).rejects.toBeInstanceOf(MongoError);
}, 30_000);

test.each([
  { repeatLogMs: 60_000, warnings: 1 },
  { repeatLogMs: 0, warnings: 4 },
])(
  'a failure is logged, again after a while ($repeatLogMs ms), and so is the connection that follows',
  async ({ repeatLogMs, warnings }) => {
    const logged: string[] = [];
    const log = (_details: unknown, message?: string) => void logged.push(message ?? String(_details));
    await proxy.set('refuse');
    const options = { appName: 'test', serverSelectionTimeoutMS: 50 };
    const connection = connectMongo(url.href, options, { warn: log, info: log } as typeof logger, repeatLogMs);
    const attempts = jest.spyOn(connection.client, 'connect');
    try {
      // The first was made before the spy: the fourth that it sees is the fifth.
      await eventually(() => expect(attempts.mock.calls.length).toBeGreaterThanOrEqual(4));
      expect(logged.slice(0, warnings)).toEqual(Array(warnings).fill('cannot connect to MongoDB; trying again'));
      if (warnings === 1) expect(logged).toHaveLength(1);
      await proxy.set('pass');
      await eventually(() => expect(logged.at(-1)).toBe('connected to MongoDB'));
    } finally {
      await connection.close();
    }
  },
  30_000,
);
