import type { TaskDocument } from '@nask/schemas';
import { evolve } from './evolve.ts';
import type { LoggedEvent } from './event.ts';

/**
 * Folds the events of each task first, so that a task costs one write however many of its events are in the batch.
 * @returns task id -> the document that its events in this batch make, to be merged into the stored one
 */
export function foldBatch(events: Iterable<LoggedEvent>): Map<number, TaskDocument> {
  const documents = new Map<number, TaskDocument>();
  for (const { event, offset } of events) {
    const id = event.data.task_id;
    documents.set(id, evolve(documents.get(id), event, offset));
  }
  return documents;
}
