import { maxTaskEventsPerTopic, type TaskEventDocument } from '@nask/schemas';
import { MongoBulkWriteError, type AnyBulkWriteOperation, type Collection, type Db } from 'mongodb';
import { keepsNewestOnly } from '../events/history.ts';
import { durable, hasOnlyDuplicates, writeErrorsOf } from './store-connection.ts';

/** The history of tasks, as the projector writes it. */
export interface HistoryStore {
  /**
   * Writes events, durably, in one bulk write. What is there stays; of progress the highest offset does. When it
   * rejects, any of them may have been written; writing them again does no harm.
   */
  append(entries: readonly TaskEventDocument[]): Promise<void>;
  /** Deletes what the histories of these tasks have of these topics beyond the lowest `maxTaskEventsPerTopic` offsets. */
  cut(entries: readonly Pick<TaskEventDocument, 'task_id' | 'topic'>[]): Promise<void>;
  /** Deletes all that there is of these tasks, durably. */
  delete(taskIds: readonly number[]): Promise<void>;
}

export function createHistoryStore(db: Db, collection: string): HistoryStore {
  const events = db.collection<TaskEventDocument>(collection);

  return {
    async append(entries) {
      if (entries.length === 0) return;
      const newest = new Map<string, TaskEventDocument>();
      for (const entry of entries) {
        if (keepsNewestOnly(entry.topic) && entry.offset < (newest.get(entry._id)?.offset ?? -1)) continue;
        newest.set(entry._id, entry);
      }
      const written = [...newest.values()];
      const refused = await writeAll(events, written);
      // Two that write the first progress of a task at once both find none: one is refused, though it may be the newer.
      await writeAll(
        events,
        refused.filter(({ topic }) => keepsNewestOnly(topic)),
      );
    },
    async cut(entries) {
      const pairs = new Map(entries.map(({ task_id, topic }) => [`${task_id}/${topic}`, { task_id, topic }]));
      await Promise.all([...pairs.values()].map((pair) => cutOne(events, pair)));
    },
    async delete(taskIds) {
      for (const task_id of taskIds) await events.deleteMany({ task_id }, durable);
    },
  };
}

/** @returns those that were refused because there is one with their id */
async function writeAll(
  events: Collection<TaskEventDocument>,
  entries: readonly TaskEventDocument[],
): Promise<TaskEventDocument[]> {
  if (entries.length === 0) return [];
  try {
    await events.bulkWrite(entries.map(writeOf), { ordered: false, ...durable });
    return [];
  } catch (error) {
    if (!(error instanceof MongoBulkWriteError) || !hasOnlyDuplicates(error)) throw error;
    return writeErrorsOf(error).map(({ index }) => entries[index]!);
  }
}

/** An event that is there is a duplicate key, and so is progress that is older than what is there: both are left out. */
function writeOf(entry: TaskEventDocument): AnyBulkWriteOperation<TaskEventDocument> {
  if (!keepsNewestOnly(entry.topic)) return { insertOne: { document: entry } };
  const { _id, ...replacement } = entry;
  return { replaceOne: { filter: { _id, offset: { $lt: entry.offset } }, replacement, upsert: true } };
}

/** Whatever else is being written meanwhile: what is beyond so many stays beyond them. */
async function cutOne(events: Collection<TaskEventDocument>, pair: { task_id: number; topic: string }): Promise<void> {
  const beyond = await events.findOne(pair, {
    sort: { offset: 1 },
    skip: maxTaskEventsPerTopic,
    projection: { offset: 1 },
  });
  if (beyond !== null) await events.deleteMany({ ...pair, offset: { $gte: beyond.offset } }, durable);
}
