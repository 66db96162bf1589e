import { createHash } from 'node:crypto';
import type { ReadModelCollections, TaskDocument, TaskEventDocument } from '@nask/schemas';
import { BSON, type Db } from 'mongodb';
import type { ComparedEvent } from './shadow-history.ts';
import type { IdRange } from './shadow.ts';

/** What a read model has of one task. */
export interface StoredTask {
  document?: TaskDocument;
  history: TaskEventDocument[];
}

/** Reads a generation of the read model, to compare it. */
export interface StoredTasks {
  /** All documents of a range, in any order: to sort them is slow in some stores. */
  documents(range: IdRange): AsyncIterable<TaskDocument>;
  /** All history of a range, in any order. */
  events(range: IdRange): AsyncIterable<TaskEventDocument>;
  /** All that there is now of some tasks, at most a hundred at once. */
  load(ids: readonly number[]): Promise<Map<number, StoredTask>>;
}

export function openStoredTasks(db: Db, collections: ReadModelCollections): StoredTasks {
  const tasks = db.collection<TaskDocument>(collections.tasks);
  const events = db.collection<TaskEventDocument>(collections.taskEvents);
  const within = ({ from, to }: IdRange) => ({ $gte: from, ...(to < Infinity ? { $lt: to } : {}) });
  return {
    documents: (range) => tasks.find({ _id: within(range) }),
    events: (range) => events.find({ task_id: within(range) }),
    async load(ids) {
      const found = new Map<number, StoredTask>(ids.map((id) => [id, { history: [] }]));
      const some = [...ids];
      for await (const document of tasks.find({ _id: { $in: some } })) found.get(document._id)!.document = document;
      for await (const entry of events.find({ task_id: { $in: some } })) found.get(entry.task_id)!.history.push(entry);
      return found;
    },
  };
}

/** SHA-256 of a document's bytes. */
export function checksum(document: TaskDocument | TaskEventDocument): string {
  return createHash('sha256').update(BSON.serialize(document)).digest('base64url');
}

export function comparedEvent(entry: TaskEventDocument): ComparedEvent {
  return { topic: entry.topic, offset: entry.offset, atMs: entry.at.getTime(), checksum: checksum(entry) };
}
