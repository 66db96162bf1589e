import type { Logger, MongoCredentials } from '@nask/service';
import { connectMongo } from '@nask/service/mongo';
import { ServerType, type Db, type TopologyDescription } from 'mongodb';

export interface StoreConnection {
  readonly db: Db;
  /** Whether the driver sees a server that takes writes. It looks at each every second, and when a connection ends. */
  isWritable(): boolean;
  close(): Promise<void>;
}

export interface StoreConnectionOptions {
  url: string;
  credentials?: MongoCredentials;
  database: string;
  /** How long the store may leave a request of an operation unanswered, and how long that may wait for a connection. */
  operationTimeoutMs: number;
  logger: Pick<Logger, 'info' | 'warn'>;
}

const writableTypes: ReadonlySet<ServerType> = new Set([
  ServerType.Standalone,
  ServerType.RSPrimary,
  ServerType.Mongos,
  ServerType.LoadBalancer,
]);

/**
 * Connects in the background. When the store accepts a request and does not answer, an operation fails after its time-out,
 * or twice that, since the driver tries once more; within a few seconds when the driver's monitor gets no answer either.
 * An index that takes longer to build is to be asked for until it is there.
 */
export function connectStore({
  url,
  credentials,
  database,
  operationTimeoutMs,
  logger,
}: StoreConnectionOptions): StoreConnection {
  const driverOptions = {
    ...credentials,
    appName: 'nask-projector',
    // One batch at a time, and the start of partitions beside it.
    maxPoolSize: 4,
    waitQueueTimeoutMS: operationTimeoutMs,
    // Writes cannot be given a signal. A scan is one request a batch, so it may take longer as a whole.
    socketTimeoutMS: operationTimeoutMs,
  };
  const { client, close } = connectMongo(url, driverOptions, logger);
  let writable = false;
  client.on('topologyDescriptionChanged', ({ newDescription }) => {
    writable = hasWritableServer(newDescription);
  });
  return { db: client.db(database), isWritable: () => writable, close };
}

function hasWritableServer({ servers }: TopologyDescription): boolean {
  return [...servers.values()].some(({ type }) => writableTypes.has(type));
}
