import {
  taskEventIndexes,
  taskEventsCollection,
  taskIndexes,
  tasksCollection,
  type ReadModelIndex,
} from '@nask/schemas';
import type { Db } from 'mongodb';

/**
 * Makes the read model's indexes, those that are not there.
 * @returns once they are made; rejects when the database does not answer
 */
export async function ensureIndexes(db: Db): Promise<void> {
  await create(db, tasksCollection, taskIndexes);
  await create(db, taskEventsCollection, taskEventIndexes);
}

async function create(db: Db, collection: string, indexes: readonly ReadModelIndex[]): Promise<void> {
  const wanted = indexes.map(({ key, ...options }) => ({ key: { ...key }, ...options }));
  await db.collection(collection).createIndexes(wanted);
}
