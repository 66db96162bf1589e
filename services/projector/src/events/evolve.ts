import type { SlotName, TaskDocument } from '@nask/schemas';
import type { Document } from 'mongodb';
import type { LoggedEvent, Ranked, TaskEvent } from './event.ts';
import { slots, topicRules, type SlotRules } from './index.ts';
import { hasRequest } from './task-requested.ts';

type SlotValues = { -readonly [S in SlotName]?: TaskDocument[S] | undefined };

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
  return taskDocument(event.data.task_id, added({ ...document }, event, offset));
}

/**
 * Folds the events of each task first, so that a task costs one write however many of its events are in the batch.
 * @returns task id -> the document that its events in this batch make, to be merged into the stored one
 */
export function foldBatch(events: Iterable<LoggedEvent>): Map<number, TaskDocument> {
  const tasks = new Map<number, SlotValues>();
  for (const { event, offset } of events) {
    const id = event.data.task_id;
    const values = tasks.get(id);
    if (values === undefined) tasks.set(id, added({}, event, offset));
    else added(values, event, offset);
  }
  const documents = new Map<number, TaskDocument>();
  for (const [id, values] of tasks) documents.set(id, taskDocument(id, values));
  return documents;
}

/** Adds an event to the slots of a task, in place. */
function added(values: SlotValues, { topic, data }: TaskEvent, offset: number): SlotValues {
  const rules = topicRules[topic];
  keepOne(values, rules, rules.toSlot(data, offset));
  return values;
}

function keepOne(values: SlotValues, { slot, keeps }: SlotRules, value: Ranked): void {
  const all = values as Partial<Record<SlotName, Ranked>>;
  const kept = all[slot];
  if (kept === undefined || keeps.replaces(kept, value)) all[slot] = value;
}

/**
 * What the events of two documents of the same task make together. `evolve` is the merge with the document of one
 * event; `mergePipeline` is the merge in the database.
 */
export function merge(one: TaskDocument | undefined, other: TaskDocument): TaskDocument {
  if (one === undefined) return other;
  const merged: SlotValues = { ...one };
  for (const rules of slots) {
    const value: Ranked | undefined = other[rules.slot];
    if (value !== undefined) keepOne(merged, rules, value);
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
  const merged: Document = { ...storedRequestFields };
  for (const { slot, keeps } of slots) {
    const [value, stored] = [patch[slot], `$${slot}`];
    // Where nothing is stored, the expression of the stored slot has no value, and `$replaceWith` leaves the field out.
    merged[slot] =
      value === undefined ? stored : { $cond: [keeps.replacesStored(slot, value), { $literal: value }, stored] };
  }
  return [{ $replaceWith: merged }, hasRequest(patch) ? deriveAll : deriveWithoutRequest];
}

/** The fields above the slots that are those of the request, in the document's order. */
const requestFields = ['type', 'client', 'tags', 'search', 'origin_id', 'run_at'] as const;

/** The document with these slots: the rest derived, fields in canonical order, empty slots left out. */
function taskDocument(id: number, values: SlotValues): TaskDocument {
  const kept: SlotValues = values.erased === undefined ? values : { erased: values.erased };
  const created_at = createdAtOf(kept);
  const document: TaskDocument = {
    _id: id,
    status: statusOf(kept),
    created_at,
    kept_from: keptFrom(created_at, kept),
  };
  const fields = document as unknown as Record<string, unknown>;
  const request = kept.requested ?? kept.scheduled;
  if (request !== undefined)
    for (const field of requestFields) if (request[field] !== undefined) fields[field] = request[field];
  for (const { slot } of slots) if (kept[slot] !== undefined) fields[slot] = kept[slot];
  return document;
}

/** In the database: `statusExpression`. */
function statusOf({ started, attempt_failed: failed, completed, erased }: SlotValues): TaskDocument['status'] {
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

/**
 * The slots in the order in which `created_at` is looked for: as the fields of the request it is of `requested`, or of
 * `scheduled` where that is not there.
 */
const createdAtSlots = [
  ...slots.filter(({ slot }) => slot === 'requested'),
  ...slots.filter(({ slot }) => slot !== 'requested'),
];

/** In the database: `createdAtExpression`. */
function createdAtOf(values: SlotValues): Date {
  const first = createdAtSlots.find(({ slot }) => values[slot] !== undefined)!;
  return (values[first.slot] as unknown as Record<string, Date>)[first.time]!;
}

const timeOf = ({ slot, time }: SlotRules) => `$${slot}.${time}`;
const createdAtExpression = createdAtSlots.reduceRight<unknown>(
  (next, rules) => ({ $ifNull: [timeOf(rules), next] }),
  null,
);

/** In the database: `keptFromExpression`. */
function keptFrom(createdAt: Date, { scheduled, requested, completed, erased }: SlotValues): Date {
  const ofRequests = later(later(createdAt, scheduled?.run_at), requested?.run_at);
  return later(later(later(ofRequests, completed?.run_at), erased?.run_at), erased?.erased_at);
}

function later(time: Date, other: Date | undefined): Date {
  return other !== undefined && other > time ? other : time;
}

const keptFromExpression = {
  $max: [createdAtExpression, '$scheduled.run_at', '$requested.run_at', '$completed.run_at'],
};

/** In the database: the fields of the request, of one slot and never of both. */
const requestFieldExpressions = Object.fromEntries(
  requestFields.map((field) => [
    field,
    { $cond: [isMissing('requested'), `$scheduled.${field}`, `$requested.${field}`] },
  ]),
);
/** As they are stored: what they become when the request stays as it is. */
const storedRequestFields = Object.fromEntries(['_id', ...requestFields].map((field) => [field, `$${field}`]));

/** The second stage of a merge: what `taskDocument` does. */
function deriveFields(requestFieldsOf: Document): Document {
  const derived = {
    _id: '$_id',
    status: statusExpression,
    created_at: createdAtExpression,
    kept_from: keptFromExpression,
    ...requestFieldsOf,
    ...Object.fromEntries(slots.map(({ slot }) => [slot, `$${slot}`])),
  };
  const erased = {
    _id: '$_id',
    status: 'ERASED',
    created_at: '$erased.requested_at',
    kept_from: { $max: ['$erased.requested_at', '$erased.run_at', '$erased.erased_at'] },
    erased: '$erased',
  };
  return { $replaceWith: { $cond: [isMissing('erased'), derived, erased] } };
}

const deriveAll = deriveFields(requestFieldExpressions);
/** Of a merge that brings no request. */
const deriveWithoutRequest = deriveFields(Object.fromEntries(requestFields.map((field) => [field, `$${field}`])));
