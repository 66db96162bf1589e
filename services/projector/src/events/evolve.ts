import type { TaskDocument } from '@nask/schemas';
import { slotNames, slotOf, slotRules, slotTimes, type SlotRule, type Slots } from './slots.ts';
import type { TaskEvent } from './event.ts';

/**
 * The fold: what a task's document becomes by one more event of that task.
 *
 * It is commutative, associative and idempotent, for all it does is to keep, in each slot, the event that comes first in
 * an order of all events of its kind (slots.ts says which), or the erasure alone once there is one: a join-semilattice,
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
  return merge(document, taskDocument(event.data.task_id, slotOf(event, offset)));
}

/**
 * What the events of two documents of the same task make together. `evolve` is the merge with the document of one
 * event; the store merges a batch's document into the stored one by the same rule (adapters/merge-pipeline.ts).
 */
export function merge(one: TaskDocument | undefined, other: TaskDocument): TaskDocument {
  if (one === undefined) return other;
  const slots = slotNames.map((name) => [name, kept(slotRules[name], one[name], other[name])]);
  return taskDocument(one._id, Object.fromEntries(slots) as Slots);
}

/** The document with these slots: the rest derived, fields in canonical order, empty slots left out. */
function taskDocument(id: number, all: Slots): TaskDocument {
  const slots: Slots = all.erased === undefined ? all : { erased: all.erased };
  const filled = slotNames.flatMap((name) => (slots[name] === undefined ? [] : [[name, slots[name]]]));
  return { _id: id, status: statusOf(slots), created_at: createdAtOf(slots), ...(Object.fromEntries(filled) as Slots) };
}

/** As `createdAt` in adapters/merge-pipeline.ts. */
function createdAtOf(slots: Slots): Date {
  const times = slotNames.map((name) => (slots[name] as Record<string, Date> | undefined)?.[slotTimes[name]]);
  return times.find((time) => time !== undefined)!;
}

/** As `status` in adapters/merge-pipeline.ts. */
function statusOf({ started, attempt_failed: failed, completed, erased }: Slots): TaskDocument['status'] {
  if (erased !== undefined) return 'ERASED';
  if (completed !== undefined) return completed.outcome;
  if (failed !== undefined && failed.attempt >= (started?.attempt ?? 0)) return 'RETRY';
  return started === undefined ? 'PENDING' : 'STARTED';
}

function kept<S extends { offset: number; attempt?: number }>(
  rule: SlotRule,
  one: S | undefined,
  other: S | undefined,
): S | undefined {
  if (one === undefined || other === undefined) return one ?? other;
  return replaces(rule, one, other) ? other : one;
}

/** As `replaces` in adapters/merge-pipeline.ts. */
function replaces(rule: SlotRule, one: { offset: number; attempt?: number }, other: typeof one): boolean {
  if (rule === 'last') return other.offset > one.offset;
  if (rule === 'latest-attempt' && other.attempt !== one.attempt) return other.attempt! > one.attempt!;
  return other.offset < one.offset;
}
