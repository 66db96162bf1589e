import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { TaskResource } from '@nask/schemas';

const maxBodyBytes = 1024 * 1024;

/** Listens on a free loopback port for the webhooks of the demo's tasks and answers each with 204. */
export async function receiveWebhooks(
  onTask: (task: TaskResource) => void,
): Promise<{ url: string; close(): Promise<void> }> {
  async function receive(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await readBody(request);
    response.writeHead(204).end();
    onTask(JSON.parse(body) as TaskResource);
  }

  const server = createServer((request, response) => {
    receive(request, response).catch(() => request.socket.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    close: () => {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}

async function readBody(request: IncomingMessage): Promise<string> {
  let body = '';
  for await (const chunk of request.setEncoding('utf8') as AsyncIterable<string>) {
    body += chunk;
    if (body.length > maxBodyBytes) throw new Error('the body is too large');
  }
  return body;
}
