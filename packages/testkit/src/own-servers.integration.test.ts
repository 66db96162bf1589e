import { existsSync } from 'node:fs';
import { connect } from 'node:net';
import { once } from 'node:events';
import { dirname, join } from 'node:path';
import { afterEach, describe, expect, test } from '@jest/globals';
import { MongoClient } from 'mongodb';
import { startOwnKafka, startOwnRegistry, startOwnStore, type OwnServer } from './own-servers.ts';

let server: OwnServer | undefined;
afterEach(async () => {
  await server?.close();
}, 60_000);

describe('a server of a test’s own', () => {
  test('a Kafka that was killed is back at the same address', async () => {
    server = await startOwnKafka();
    const { address } = server;
    await server.kill('SIGKILL');
    await expect(canConnect(server.port)).resolves.toBe(false);
    await server.start();
    expect(server.address).toBe(address);
    await expect(canConnect(server.port)).resolves.toBe(true);
  }, 120_000);

  test('a registry that was killed has its schemas still', async () => {
    server = await startOwnRegistry();
    const schema = JSON.stringify({ type: 'string' });
    const registered = await fetch(`${server.address}/subjects/a-value/versions`, {
      method: 'POST',
      headers: { 'content-type': 'application/vnd.schemaregistry.v1+json' },
      body: JSON.stringify({ schema }),
    });
    expect(registered.status).toBe(200);
    await server.kill('SIGKILL');
    await server.start();
    const subjects = await fetch(`${server.address}/subjects`);
    expect(await subjects.json()).toEqual(['a-value']);
  }, 120_000);

  test('a store that was killed has what it acknowledged, and nothing is left of it in the end', async () => {
    server = await startOwnStore();
    const client = new MongoClient(server.address);
    await client.db('test').collection<{ _id: number }>('documents').insertOne({ _id: 1 });
    await server.kill('SIGKILL');
    await server.start();
    const found = await client.db('test').collection<{ _id: number }>('documents').findOne({ _id: 1 });
    expect(found).toEqual({ _id: 1 });
    await client.close();

    const folder = dirname(dirname(server.logFile));
    expect(existsSync(join(folder, 'data'))).toBe(true);
    await server.close();
    server = undefined;
    expect(existsSync(folder)).toBe(false);
  }, 120_000);
});

async function canConnect(port: number): Promise<boolean> {
  const socket = connect({ host: '127.0.0.1', port });
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}
