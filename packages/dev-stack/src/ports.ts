import { createServer } from 'node:net';

/** Whether this process could listen on a loopback port now. */
export function isPortFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen({ port, host: '127.0.0.1', exclusive: true }, () => server.close(() => resolve(true)));
  });
}

const taken = new Set<number>();

/**
 * A free loopback port for a server. It is below the range that systems give to outgoing connections (32768 and up), so
 * that no client takes it while the server is down: a server that is killed and started again finds it free. Chosen at
 * random, because several test processes look for ports at a time.
 */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = 20_000 + Math.floor(Math.random() * 12_000);
    if (!taken.has(port) && (await isPortFree(port))) {
      taken.add(port);
      return port;
    }
  }
}
