import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { MongoClient } from 'mongodb';
import { manageProcess } from './managed-process.ts';
import { pidFile } from './pid-files.ts';
import type { Server, ServerFolders } from './server.ts';
import { chooseStoreEngine } from './store-engine.ts';

/** The document store, by MongoDB's protocol, its data in the data folder. */
export function createStore({ folders, port }: { folders: ServerFolders; port: number }): Server {
  const engine = chooseStoreEngine(folders.cache);
  const dataFolder = join(folders.data, engine.dataFolder);
  const address = `mongodb://127.0.0.1:${port}/?directConnection=true`;

  const store = manageProcess({
    name: 'store',
    logFile: join(folders.logs, 'store.log'),
    pidFile: pidFile(folders.run, 'store'),
    startTimeoutMs: 30_000,
    stopTimeoutMs: 15_000,
    command: () => engine.command(port, dataFolder),
    probe: () => ping(address),
  });
  return {
    ...store,
    name: 'store',
    product: engine.product,
    port,
    ports: [port],
    address,
    missingTools: () => engine.missingTools(),
    install: async (progress, signal) => {
      await engine.install(progress, signal);
      await mkdir(dataFolder, { recursive: true });
    },
  };
}

/** MongoDB's own liveness question, by its driver. @throws when it is not answered within a second */
async function ping(url: string): Promise<void> {
  const client = new MongoClient(url, { serverSelectionTimeoutMS: 1000, connectTimeoutMS: 1000 });
  try {
    await client.db('admin').command({ ping: 1 });
  } finally {
    await client.close();
  }
}
