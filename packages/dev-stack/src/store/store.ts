import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { MongoClient } from 'mongodb';
import { manageProcess } from '../processes/managed-process.ts';
import { pidFile } from '../processes/pid-files.ts';
import type { Server, ServerFolders } from '../server.ts';
import { chooseStoreEngine, type StoreSecurity } from './store-engine.ts';

/** The document store, by MongoDB's protocol, its data in the data folder. */
export function createStore(options: { folders: ServerFolders; port: number; security?: StoreSecurity }): Server {
  const { folders, port, security } = options;
  const engine = chooseStoreEngine(folders);
  const dataFolder = join(folders.data, engine.dataFolder);
  const address = addressOf(port, security);

  const store = manageProcess({
    name: 'store',
    logFile: join(folders.logs, 'store.log'),
    pidFile: pidFile(folders.run, 'store'),
    startTimeoutMs: 30_000,
    stopTimeoutMs: 15_000,
    command: () => engine.command(port, dataFolder, security),
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

function addressOf(port: number, security: StoreSecurity | undefined): string {
  if (security === undefined) return `mongodb://127.0.0.1:${port}/?directConnection=true`;
  const user = `${encodeURIComponent(security.username)}:${encodeURIComponent(security.password)}`;
  const tls = `tls=true&tlsCAFile=${encodeURIComponent(security.caFile)}`;
  return `mongodb://${user}@127.0.0.1:${port}/?directConnection=true&${tls}`;
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
