import { createServer, request, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface GuardedRegistry {
  /** The root of the Confluent API behind the guard. */
  readonly url: string;
  /** How many requests came without the right name and password. */
  refused(): number;
  close(): Promise<void>;
}

/** A registry behind basic authentication, as most are in production: a proxy before one that lets everybody in. */
export async function guardRegistry(
  registryUrl: string,
  { username, password }: { username: string; password: string },
): Promise<GuardedRegistry> {
  const target = new URL(registryUrl);
  const expected = `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
  let refused = 0;

  function pass(incoming: IncomingMessage, outgoing: ServerResponse): void {
    if (incoming.headers.authorization !== expected) {
      refused += 1;
      outgoing.writeHead(401, { 'content-type': 'application/json' });
      outgoing.end('{"error_code":401,"message":"Unauthorized"}');
      return;
    }
    const { method, url: path } = incoming;
    const headers = { ...incoming.headers, host: target.host };
    const passed = request({ host: target.hostname, port: target.port, method, path, headers }, (answer) => {
      outgoing.writeHead(answer.statusCode!, answer.headers);
      answer.pipe(outgoing);
    });
    passed.on('error', () => outgoing.destroy());
    incoming.pipe(passed);
  }

  const server = createServer(pass);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}${target.pathname}`,
    refused: () => refused,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
