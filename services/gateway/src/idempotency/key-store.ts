import { MongoBulkWriteError, type Filter, type MongoClientOptions } from 'mongodb';
import type { Logger, MongoCredentials } from '@nask/service';
import { connectMongo } from '@nask/service/mongo';
import { UnavailableError } from '../errors.ts';
import { createCoalescer } from '../read-model/coalescer.ts';
import type { IdempotencyKeys, KeyRecord } from './accept-once.ts';

/** One key, in the collection `idempotency_keys`. The store forgets it some time after it has expired. */
interface KeyDocument {
  /** The key. */
  _id: string;
  fingerprint: string;
  task_id: number;
  event_id: string;
  requested_at: Date;
  accepted: boolean;
  held_until: Date;
  expires_at: Date;
}

const keysCollection = 'idempotency_keys';

/** How many keys one operation has at most. */
const maxKeysAtOnce = 1000;

const duplicateKey = 11_000;

/**
 * The keys in MongoDB: read from the primary, written to the journals of a majority, because a key that a failover takes
 * back would let a task be accepted twice. What comes while an operation is under way goes into the next one.
 * @param timeoutMs the most that finding a server takes, and then that one operation does
 * @throws UnavailableError KEYS_UNAVAILABLE from every method when the store does not answer in time
 */
export function createIdempotencyKeys(options: {
  url: string;
  /** How to get in, where the URL does not say. */
  credentials?: MongoCredentials;
  database: string;
  timeoutMs: number;
  logger: Pick<Logger, 'info' | 'warn'>;
}): IdempotencyKeys & { close(): Promise<void> } {
  const { timeoutMs } = options;
  const driverOptions: MongoClientOptions & { appName: string } = {
    ...options.credentials,
    appName: 'nask-gateway-keys',
    writeConcern: { w: 'majority', journal: true },
    serverSelectionTimeoutMS: timeoutMs,
    waitQueueTimeoutMS: timeoutMs,
    // Writes cannot be given a signal.
    socketTimeoutMS: timeoutMs,
    // The client's own repetition is safe, and bounded by what it is told.
    retryReads: false,
    retryWrites: false,
  };
  const connection = connectMongo(options.url, driverOptions, options.logger);
  const keys = connection.client.db(options.database).collection<KeyDocument>(keysCollection);
  let indexed: Promise<unknown> | undefined;

  async function answered<T>(operation: () => Promise<T>): Promise<T> {
    try {
      return await operation();
    } catch (error) {
      throw new UnavailableError('KEYS_UNAVAILABLE', 'The store of the idempotency keys does not answer.', {
        cause: error,
      });
    }
  }

  async function ensureIndex(): Promise<void> {
    indexed ??= keys.createIndex({ expires_at: 1 }, { expireAfterSeconds: 0 });
    try {
      await indexed;
    } catch (error) {
      indexed = undefined;
      throw error;
    }
  }

  const found = createCoalescer<string, KeyRecord>(async (wanted) => {
    const documents = await keys.find({ _id: { $in: wanted } }).toArray();
    return new Map(documents.map((document) => [document._id, recordOf(document)]));
  }, maxKeysAtOnce);

  const added = createCoalescer<KeyRecord, true>(async (records) => {
    await ensureIndex();
    const refused = await refusedOf(keys.insertMany(records.map(documentOf), { ordered: false }));
    return new Map(records.filter((_record, index) => !refused.has(index)).map((record) => [record, true]));
  }, maxKeysAtOnce);

  const accepted = createCoalescer<string, true>(async (ids) => {
    await keys.updateMany({ _id: { $in: ids } }, { $set: { accepted: true, held_until: new Date(0) } });
    return new Map();
  }, maxKeysAtOnce);

  return {
    find: (key) => answered(() => found.get(key)),
    add: (record) => answered(async () => (await added.get(record)) ?? false),
    hold: (record, untilMs) =>
      answered(async () => {
        const held = { $set: { held_until: new Date(untilMs) } };
        return (await keys.updateOne(asItIs(record), held)).modifiedCount > 0;
      }),
    accept: (record) => answered(async () => void (await accepted.get(record.key))),
    remove: (record) => answered(async () => void (await keys.deleteOne(asItIs(record)))),
    close: () => connection.close(),
  };
}

/** Those of the inserts that were refused because their key is there. @throws any other error */
async function refusedOf(insert: Promise<unknown>): Promise<ReadonlySet<number>> {
  try {
    await insert;
    return new Set();
  } catch (error) {
    if (!(error instanceof MongoBulkWriteError)) throw error;
    const errors = [error.writeErrors].flat();
    if (errors.length === 0 || errors.some(({ code }) => code !== duplicateKey)) throw error;
    return new Set(errors.map(({ index }) => index));
  }
}

function asItIs({ key, eventId, accepted, heldUntilMs }: KeyRecord): Filter<KeyDocument> {
  return { _id: key, event_id: eventId, accepted, held_until: new Date(heldUntilMs) };
}

function documentOf(record: KeyRecord): KeyDocument {
  return {
    _id: record.key,
    fingerprint: record.fingerprint,
    task_id: record.taskId,
    event_id: record.eventId,
    requested_at: new Date(record.requestedAtMs),
    accepted: record.accepted,
    held_until: new Date(record.heldUntilMs),
    expires_at: new Date(record.expiresAtMs),
  };
}

function recordOf(document: KeyDocument): KeyRecord {
  return {
    key: document._id,
    fingerprint: document.fingerprint,
    taskId: document.task_id,
    eventId: document.event_id,
    requestedAtMs: document.requested_at.getTime(),
    accepted: document.accepted,
    heldUntilMs: document.held_until.getTime(),
    expiresAtMs: document.expires_at.getTime(),
  };
}
