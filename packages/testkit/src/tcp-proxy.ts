import { connect, createServer, type Socket } from 'node:net';
import { freePort } from '@nask/dev-stack';

/**
 * What a proxy does with its clients:
 * - `pass`: connects them with the server.
 * - `refuse`: its port is closed, and so is every connection, as when the server is down.
 * - `hang`: takes connections and requests and answers none. A connection that was open meanwhile never answers again, as
 *   when a machine dies or a firewall forgets it.
 * - `reset`: takes connections and closes them at once.
 */
export type ProxyMode = 'pass' | 'refuse' | 'hang' | 'reset';

/** A way to a real server that can be made to fail. */
export interface TcpProxy {
  readonly port: number;
  set(mode: ProxyMode): Promise<void>;
  close(): Promise<void>;
}

/** Starts to listen, in mode `pass`, on a free port that stays the same. @param target port on this machine, asked for each connection */
export async function startTcpProxy(target: () => number): Promise<TcpProxy> {
  const port = await freePort();
  const sockets = new Set<Socket>();
  /** Of each client that is connected with the server. */
  const servers = new Map<Socket, Socket>();
  let mode: ProxyMode = 'pass';
  const listener = createServer((client) => {
    keep(client);
    if (mode === 'pass') pass(client);
    else if (mode === 'hang') client.resume();
    else client.destroy();
  });

  function keep(socket: Socket): void {
    sockets.add(socket);
    socket.on('error', () => undefined).on('close', () => sockets.delete(socket));
  }

  function pass(client: Socket): void {
    const server = connect(target(), '127.0.0.1');
    keep(server);
    servers.set(client, server);
    client.pipe(server).pipe(client);
    client.on('close', () => server.destroy());
    server.on('close', () => servers.get(client) === server && client.destroy());
  }

  function hang(): void {
    for (const [client, server] of servers) {
      client.unpipe(server);
      server.unpipe(client).destroy();
      client.resume();
    }
    servers.clear();
  }

  function cut(): void {
    servers.clear();
    for (const socket of sockets) socket.destroy();
  }

  const listen = () =>
    new Promise<void>((resolve, reject) => {
      listener.once('error', reject).listen(port, '127.0.0.1', () => resolve());
    });

  async function stopListening(): Promise<void> {
    cut();
    if (listener.listening) await new Promise((resolve) => listener.close(resolve));
  }

  await listen();
  return {
    port,
    async set(next) {
      mode = next;
      if (next === 'hang') hang();
      else if (next === 'reset') cut();
      if (next === 'refuse') await stopListening();
      else if (!listener.listening) await listen();
    },
    close: stopListening,
  };
}
