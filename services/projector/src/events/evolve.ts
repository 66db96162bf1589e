import { slotTopics, type SlotName, type TaskDocument } from '@nask/schemas';
import type { Document } from 'mongodb';
import type { EventRules, LoggedEvent, Ranked, TaskEvent } from './event.ts';
import { eventRules } from './index.ts';

/** The rules of each slot, in the document's order of fields. */
const slots: readonly EventRules[] = Object.keys(slotTopics).map((name) =>
  Object.values(eventRules).find(({ slot }) => slot === name)!,
);

type SlotValues = { [S in SlotName]?: Ranked };

/**
 * The fold: what a task's document becomes by one more event of that task.
 *
 * It is commutative, associative and idempotent, for all it does is to keep, in each slot, the event that comes first in
 * a total order of the slot's events (`MergeRule`), or the erasure alone once there is one: a join-semilattice,
 * as in state-based CRDTs. So the same events give the same document, byte for byte once
 * it is BSON, in any order, with any repetition, and cut into any batches. It throws for no event.
 *
 *     PENDING ──started──> STARTED ──completed──> SUCCESS, FAILURE, REVOKED
 *        │                  │   ^                    ^
 *        │       attempt-failed started              │
 *        │                  v   │                    │
 *        │                  RETRY ──completed────────┤
 *        └─────────────────completed─────────────────┘     (once there is an end, it stays)
 *
 *     any of them ──erased──> ERASED                             (which absorbs every other event)
 *
 * @param document what the events so far have made, of the same task; undefined: none yet
 * @param offset the event's position in its topic
 */
export function evolve(document: TaskDocument | undefined, event: TaskEvent, offset: number): TaskDocument {
  const { slot, toSlot } = eventRules[event.name];
  return merge(document, taskDocument(event.data.task_id, { [slot]: toSlot(event.data, offset) }));
}

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

/**
 * What the events of two documents of the same task make together. `evolve` is the merge with the document of one
 * event; `mergePipeline` is the merge in the database.
 */
export function merge(one: TaskDocument | undefined, other: TaskDocument): TaskDocument {
  if (one === undefined) return other;
  const merged: SlotValues = {};
  for (const { slot, keeps } of slots) {
    const [kept, added]: (Ranked | undefined)[] = [one[slot], other[slot]];
    const isReplaced = added !== undefined && (kept === undefined || keeps.replaces(kept, added));
    merged[slot] = isReplaced ? added : kept;
  }
  return taskDocument(one._id, merged);
}

/**
 * The update that merges a document into the stored one by the rule of `merge`, evaluated by the
 * server, so that two projectors that write the same task at once do no harm. Both of its stages name every field: that is
 * what makes the order canonical. It is not for an upsert: stores order the fields of what they upsert as they like.
 *
 * Values of events are in `$literal`: a string that begins with `$` would be read as a field's name otherwise.
 */
export function mergePipeline(patch: TaskDocument): Document[] {
  const merged: Document = { _id: '$_id' };
  for (const { slot, keeps } of slots) {
    const [value, stored] = [patch[slot], `$${slot}`];
    // Where nothing is stored, the expression of the stored slot has no value, and `$replaceWith` leaves the field out.
    merged[slot] =
      value === undefined ? stored : { $cond: [keeps.replacesStored(slot, value), { $literal: value }, stored] };
  }
  return [{ $replaceWith: merged }, deriveFields];
}

/** The document with these slots: the rest derived, fields in canonical order, empty slots left out. */
function taskDocument(id: number, values: SlotValues): TaskDocument {
  const kept: SlotValues = values.erased === undefined ? values : { erased: values.erased };
  const document = { _id: id, status: statusOf(kept as TaskDocument), created_at: createdAtOf(kept) };
  for (const { slot } of slots) if (kept[slot] !== undefined) Object.assign(document, { [slot]: kept[slot] });
  return document;
}

/** In the database: `statusExpression`. */
function statusOf({ started, attempt_failed: failed, completed, erased }: TaskDocument): TaskDocument['status'] {
  if (erased !== undefined) return 'ERASED';
  if (completed !== undefined) return completed.outcome;
  if (failed !== undefined && failed.attempt >= (started?.attempt ?? 0)) return 'RETRY';
  return started === undefined ? 'PENDING' : 'STARTED';
}

const isMissing = (slot: SlotName) => ({ $eq: [{ $type: `$${slot}` }, 'missing'] });
const hasFailed = {
  $and: [
    { $not: [isMissing('attempt_failed')] },
    { $gte: ['$attempt_failed.attempt', { $ifNull: ['$started.attempt', 0] }] },
  ],
};
/** Of a document that is not erased. */
const statusExpression = {
  $ifNull: [
    '$completed.outcome',
    { $cond: [hasFailed, 'RETRY', { $cond: [isMissing('started'), 'PENDING', 'STARTED'] }] },
  ],
};

/** In the database: `createdAtExpression`. */
function createdAtOf(values: SlotValues): Date {
  const first = slots.find(({ slot }) => values[slot] !== undefined)!;
  return (values[first.slot] as unknown as Record<string, Date>)[first.time]!;
}

const timeOf = ({ slot, time }: EventRules) => `$${slot}.${time}`;
const createdAtExpression = slots.reduceRight<unknown>((later, rules) => ({ $ifNull: [timeOf(rules), later] }), null);

/** The second stage of every merge: what `taskDocument` does. */
const deriveFields = {
  $replaceWith: {
    $cond: [
      isMissing('erased'),
      {
        _id: '$_id',
        status: statusExpression,
        created_at: createdAtExpression,
        ...Object.fromEntries(slots.map(({ slot }) => [slot, `$${slot}`])),
      },
      { _id: '$_id', status: 'ERASED', created_at: timeOf(eventRules.TaskErased), erased: '$erased' },
    ],
  },
};
