import { mongoCredentials, type Logger, type mongoSettings, type Settings } from '@nask/service';
import { connectMongo } from '@nask/service/mongo';
import { ServerType, type Db, type MongoBulkWriteError, type TopologyDescription } from 'mongodb';
import type { settingsTable } from '../config.ts';

/**
 * How the read model is written: a majority of the replicas has it in its journal, so a failover takes back nothing that
 * the projector has acknowledged or relies on.
 */
export const durable = { writeConcern: { w: 'majority', journal: true } } as const;

/** How the projector reads what it relies on: only what no failover can take back. */
export const durablyRead = { readConcern: { level: 'majority' } } as const;

/** The code of the server's error for a document whose id, or unique key, is there already. */
export const duplicateKey = 11000;

/** Whether the only thing wrong with a bulk write is that some documents are there already. */
export function hasOnlyDuplicates(error: MongoBulkWriteError): boolean {
  // An error of the write concern is about the documents that were written: they are not durable.
  if (error.result.getWriteConcernError() !== undefined) return false;
  // Without a single error the whole command failed: the server is away, or not the primary any more.
  const errors = writeErrorsOf(error);
  return errors.length > 0 && errors.every(({ code }) => code === duplicateKey);
}

/** The single errors, by the index of the operation. */
export function writeErrorsOf({ writeErrors }: MongoBulkWriteError) {
  return Array.isArray(writeErrors) ? writeErrors : [writeErrors];
}

export interface StoreConnection {
  readonly db: Db;
  /** Whether the driver sees a server that takes writes. It looks at each every second, and when a connection ends. */
  isWritable(): boolean;
  close(): Promise<void>;
}

const writableTypes: ReadonlySet<ServerType> = new Set([
  ServerType.Standalone,
  ServerType.RSPrimary,
  ServerType.Mongos,
  ServerType.LoadBalancer,
]);

/**
 * Connects in the background. When the store accepts a request and does not answer, an operation fails after
 * MONGODB_TIMEOUT_MS, or twice that, since the driver tries once more; within a few seconds when the driver's monitor gets
 * no answer either. An index that takes longer to build has to be requested until it is there.
 */
export function connectStore(
  settings: Settings<typeof mongoSettings & Pick<typeof settingsTable, 'MONGODB_TIMEOUT_MS'>>,
  logger: Pick<Logger, 'info' | 'warn'>,
): StoreConnection {
  const timeoutMs = settings.MONGODB_TIMEOUT_MS;
  const driverOptions = {
    ...mongoCredentials(settings),
    appName: 'nask-projector',
    // One batch at a time, and the start of partitions beside it.
    maxPoolSize: 4,
    waitQueueTimeoutMS: timeoutMs,
    // Writes cannot be given a signal. A scan is one request a batch, so it may take longer as a whole.
    socketTimeoutMS: timeoutMs,
  };
  const { client, close } = connectMongo(settings.MONGODB_URL, driverOptions, logger);
  let writable = false;
  client.on('topologyDescriptionChanged', ({ newDescription }) => {
    writable = hasWritableServer(newDescription);
  });
  return { db: client.db(settings.MONGODB_DATABASE), isWritable: () => writable, close };
}

function hasWritableServer({ servers }: TopologyDescription): boolean {
  return [...servers.values()].some(({ type }) => writableTypes.has(type));
}
