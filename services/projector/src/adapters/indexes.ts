import { taskEventIndexes, taskIndexes, type ReadModelCollections, type ReadModelIndex } from '@nask/schemas';
import type { Db } from 'mongodb';

/**
 * Makes the indexes of a generation of the read model, those that are not there.
 * @returns once they are made; rejects when the database does not answer
 */
export async function ensureIndexes(db: Db, collections: ReadModelCollections): Promise<void> {
  await create(db, collections.tasks, taskIndexes);
  await create(db, collections.taskEvents, taskEventIndexes);
}

async function create(db: Db, collection: string, indexes: readonly ReadModelIndex[]): Promise<void> {
  const wanted = indexes.map(({ key, ...options }) => ({ key: { ...key }, ...options }));
  await db.collection(collection).createIndexes(wanted);
}
