import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { eventually } from '@nask/testkit';
import { SilentSockets } from './connection.ts';

const accepted: Socket[] = [];
const server = createServer((socket) => void accepted.push(socket.on('error', () => undefined)));

beforeEach(async () => {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
});
afterEach(() => {
  for (const socket of accepted.splice(0)) socket.destroy();
  server.close();
});

const closed = (socket: Socket) => new Promise((resolve) => socket.once('close', resolve));

async function open(sockets: SilentSockets, broker: string): Promise<Socket> {
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
  socket.on('error', () => undefined);
  sockets.add(socket, broker);
  await once(socket, 'connect');
  return socket;
}

test('an unanswered request closes the connections to its broker on which nothing came since, and no others', async () => {
  const sockets = new SilentSockets();
  const asked = await open(sockets, 'one:9092');
  const silent = await open(sockets, 'one:9092');
  const talking = await open(sockets, 'one:9092');
  const elsewhere = await open(sockets, 'two:9092');
  await eventually(() => expect(accepted).toHaveLength(4));
  const before = Date.now();
  await eventually(() => expect(Date.now()).toBeGreaterThan(before));
  const unansweredSince = Date.now();
  for (const socket of accepted) if (socket.remotePort === talking.localPort) socket.write('x');
  await once(talking, 'data');
  const later = await open(sockets, 'one:9092');

  asked.destroy(Object.assign(new Error('not answered'), { unansweredSince }));
  await closed(silent);
  expect([asked, silent, talking, elsewhere, later].map(({ destroyed }) => destroyed)).toEqual([
    true,
    true,
    false,
    false,
    false,
  ]);
  for (const socket of [talking, elsewhere, later]) socket.destroy();
});

test('a connection that breaks for another reason closes no other', async () => {
  const sockets = new SilentSockets();
  const [broken, other] = [await open(sockets, 'one:9092'), await open(sockets, 'one:9092')];
  broken.destroy(new Error('reset'));
  await closed(broken);
  expect(other.destroyed).toBe(false);
  other.destroy();
});
