import { afterAll, beforeAll, expect, test } from '@jest/globals';
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
