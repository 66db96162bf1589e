import { createKafka } from '../../../local/stack/kafka.ts';
import { freePort } from '../../../local/stack/ports.ts';
import { createRegistry } from '../../../local/stack/registry.ts';
import type { Server, ServerFolders } from '../../../local/stack/server.ts';
import { createStore } from '../../../local/stack/store.ts';
import { temporaryFolders } from './temporary-folders.ts';

/** A server of one test's own, to be killed and started again on the same port and data. */
export interface OwnServer extends Pick<
  Server,
  'address' | 'port' | 'start' | 'stop' | 'kill' | 'signal' | 'pid' | 'logFile'
> {
  /** Stops it for good and deletes its data. Belongs in an afterAll; when the test's process dies it is done as well. */
  close(): Promise<void>;
}

/** A running Kafka; `address` is its host and port. */
export function startOwnKafka(): Promise<OwnServer> {
  return startOwn(async (folders) =>
    createKafka({ folders, port: await freePort(), controllerPort: await freePort() }),
  );
}

/** A running schema registry; `address` is the root of its Confluent API. */
export function startOwnRegistry(): Promise<OwnServer> {
  return startOwn(async (folders) => createRegistry({ folders, port: await freePort() }));
}

/** A running document store; `address` is its MongoDB URL. */
export function startOwnStore(): Promise<OwnServer> {
  return startOwn(async (folders) => createStore({ folders, port: await freePort() }));
}

async function startOwn(create: (folders: ServerFolders) => Promise<Server>): Promise<OwnServer> {
  const temporary = await temporaryFolders();
  const server = await create(temporary.folders);
  const close = async () => {
    await server.stop();
    await temporary.close();
  };
  try {
    await server.install(() => undefined);
    await server.start();
  } catch (error) {
    await close();
    throw error;
  }
  return { ...server, close };
}
