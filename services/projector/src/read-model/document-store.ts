import type { TaskDocument } from '@nask/schemas';
import { MongoBulkWriteError, type Collection, type Db, type Document, type Filter } from 'mongodb';
import { mergePipeline } from '../events/evolve.ts';
import { hasRequest, type RequestsOfTask } from '../events/task-requested.ts';
import { durable, hasOnlyDuplicates, writeErrorsOf } from './store-connection.ts';

/** The documents of the read model, as the projector writes them. */
export interface DocumentStore {
  /**
   * Merges a batch's documents into the stored ones. Once it resolves they are durable: acknowledged by a majority,
   * from their journals. When it rejects, any of them may have been written; writing them again does no harm.
   * @param documents what the batch's events make of each task, one a task
   * @returns of the tasks with a request in the batch that were stored before: task id -> its requests as they are stored
   */
  merge(documents: Iterable<TaskDocument>): Promise<Map<number, RequestsOfTask>>;
  /** Which of these tasks are erased, as the database has it after the call. */
  erasedAmong(ids: readonly number[]): Promise<number[]>;
}

/** Longer lists are slow in some stores, and no faster in MongoDB. */
const maxIdsPerQuery = 100;

/** Answered from the index of the ids, no document is read for it. */
const idAlone = { _id: 1 };

export function createDocumentStore(db: Db, collection: string): DocumentStore {
  const tasks = db.collection<TaskDocument>(collection);

  return {
    async merge(documents) {
      const { requests = [], others = [] } = Object.groupBy(documents, (document) =>
        hasRequest(document) ? 'requests' : 'others',
      );
      const known = await knownAmong(tasks, others);
      const { old = [], unknown = [] } = Object.groupBy(others, ({ _id }) => (known.has(_id) ? 'old' : 'unknown'));
      const storedBefore = await insertNew(tasks, [...requests, ...unknown]);
      await update(tasks, [...old, ...storedBefore]);
      return await readRequests(tasks, storedBefore.filter(hasRequest));
    },
    async erasedAmong(ids) {
      // There mostly is none, and that costs one look into an index.
      if ((await tasks.findOne({ status: 'ERASED' }, { projection: idAlone })) === null) return [];
      const erased: number[] = [];
      for await (const { _id } of storedAmong(tasks, ids, idAlone, { status: 'ERASED' })) erased.push(_id);
      return erased;
    },
  };
}

/** Those of the tasks that are stored. A task whose request arrives is nearly always new, so those are not looked up. */
async function knownAmong(tasks: Collection<TaskDocument>, documents: readonly TaskDocument[]): Promise<Set<number>> {
  const known = new Set<number>();
  for await (const { _id } of storedAmong(tasks, idsOf(documents), idAlone)) known.add(_id);
  return known;
}

/**
 * An insert keeps the order of the fields, costs a fraction of an upsert, and refuses what somebody else has inserted
 * meanwhile.
 * @returns the documents that were not inserted, since there is one with their id
 */
async function insertNew(tasks: Collection<TaskDocument>, documents: TaskDocument[]): Promise<TaskDocument[]> {
  if (documents.length === 0) return [];
  try {
    await tasks.insertMany(documents, { ordered: false, ...durable });
    return [];
  } catch (error) {
    if (!(error instanceof MongoBulkWriteError) || !hasOnlyDuplicates(error)) throw error;
    return writeErrorsOf(error).map(({ index }) => documents[index]!);
  }
}

/**
 * Merges documents into the stored ones.
 * @throws Error when one has gone meanwhile: a failover took it back, or its retention ended. Tried again, it is inserted.
 */
async function update(tasks: Collection<TaskDocument>, documents: TaskDocument[]): Promise<void> {
  if (documents.length === 0) return;
  const updates = documents.map((document) => ({
    updateOne: { filter: { _id: document._id }, update: mergePipeline(document) },
  }));
  const { matchedCount } = await tasks.bulkWrite(updates, { ordered: false, ...durable });
  const gone = documents.length - matchedCount;
  if (gone > 0) throw new Error(`${gone} of ${documents.length} documents have gone while they were updated`);
}

async function readRequests(
  tasks: Collection<TaskDocument>,
  documents: readonly TaskDocument[],
): Promise<Map<number, RequestsOfTask>> {
  const requests = new Map<number, RequestsOfTask>();
  const projection = { 'scheduled.event_id': 1, 'requested.event_id': 1 };
  for await (const stored of storedAmong(tasks, idsOf(documents), projection))
    if (hasRequest(stored)) requests.set(stored._id, stored);
  return requests;
}

/** The stored tasks with these ids, which also match, with the fields of the projection. */
async function* storedAmong(
  tasks: Collection<TaskDocument>,
  ids: readonly number[],
  projection: Document,
  matching: Filter<TaskDocument> = {},
): AsyncGenerator<TaskDocument> {
  for (let start = 0; start < ids.length; start += maxIdsPerQuery) {
    const some = ids.slice(start, start + maxIdsPerQuery);
    yield* tasks.find({ ...matching, _id: { $in: some } }, { projection });
  }
}

function idsOf(documents: readonly TaskDocument[]): number[] {
  return documents.map(({ _id }) => _id);
}
