import {
  retentionTimeField,
  taskEventIndexes,
  taskIndexes,
  type ReadModelCollections,
  type ReadModelIndex,
} from '@nask/schemas';
import { MongoServerError, type Db } from 'mongodb';

/**
 * Makes the indexes of a generation of the read model, those that are not there, and sets how long it keeps its tasks.
 * @param retentionMs after a task was accepted, or its `run_at`; a little later the database deletes it and its history
 * @returns once they are made; rejects when the database does not answer
 */
export async function ensureIndexes(db: Db, collections: ReadModelCollections, retentionMs: number): Promise<void> {
  await create(db, collections.tasks, taskIndexes);
  await create(db, collections.taskEvents, taskEventIndexes);
  await expire(db, collections.tasks, retentionMs);
  await expire(db, collections.taskEvents, retentionMs);
}

async function create(db: Db, collection: string, indexes: readonly ReadModelIndex[]): Promise<void> {
  const wanted = indexes.map(({ key, ...options }) => ({ key: { ...key }, ...options }));
  await db.collection(collection).createIndexes(wanted);
}

/** IndexOptionsConflict and IndexKeySpecsConflict: it is there, with another time. */
const conflicts: ReadonlySet<unknown> = new Set([85, 86]);

async function expire(db: Db, collection: string, retentionMs: number): Promise<void> {
  const keyPattern = { [retentionTimeField]: 1 } as const;
  const expireAfterSeconds = Math.ceil(retentionMs / 1_000);
  try {
    await db.collection(collection).createIndex(keyPattern, { expireAfterSeconds });
  } catch (error) {
    if (!(error instanceof MongoServerError) || !conflicts.has(error.code)) throw error;
    await db.command({ collMod: collection, index: { keyPattern, expireAfterSeconds } });
  }
}
