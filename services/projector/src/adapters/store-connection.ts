import type { MongoCredentials } from '@nask/service';
import { MongoClient, ServerType, type Db, type TopologyDescription } from 'mongodb';

export interface StoreConnection {
  readonly db: Db;
  /** Whether the driver sees a server that takes writes. It looks at each every few seconds, and when a connection ends. */
  isWritable(): boolean;
  close(): Promise<void>;
}

export interface StoreConnectionOptions {
  url: string;
  credentials?: MongoCredentials;
  database: string;
  /** How long the store may leave a request of an operation unanswered, and how long that may wait for a connection. */
  operationTimeoutMs: number;
}

const writableTypes: ReadonlySet<ServerType> = new Set([
  ServerType.Standalone,
  ServerType.RSPrimary,
  ServerType.Mongos,
  ServerType.LoadBalancer,
]);

/**
 * Opens nothing by itself: the first operation connects. When nobody answers, an operation fails after its time-out, or twice
 * that, since the driver tries once more. An index that takes longer to build is to be asked for until it is there.
 */
export function connectStore({
  url,
  credentials,
  database,
  operationTimeoutMs,
}: StoreConnectionOptions): StoreConnection {
  const client = new MongoClient(url, {
    ...credentials,
    appName: 'nask-projector',
    // One batch at a time, and the start of partitions beside it.
    maxPoolSize: 4,
    connectTimeoutMS: 5_000,
    heartbeatFrequencyMS: 5_000,
    serverSelectionTimeoutMS: 5_000,
    waitQueueTimeoutMS: operationTimeoutMs,
    // Writes cannot be given a signal. A scan is one request a batch, so it may take longer as a whole.
    socketTimeoutMS: operationTimeoutMs,
  });
  let writable = false;
  client.on('topologyDescriptionChanged', ({ newDescription }) => {
    writable = hasWritableServer(newDescription);
  });
  return { db: client.db(database), isWritable: () => writable, close: () => client.close() };
}

function hasWritableServer({ servers }: TopologyDescription): boolean {
  return [...servers.values()].some(({ type }) => writableTypes.has(type));
}
