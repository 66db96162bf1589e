import type { TaskDocument, TaskStatus } from '@nask/schemas';
import { slotOf, type Slots } from './slots.ts';
import type { TaskEvent } from './task-event.ts';

/**
 * The fold: what a task's document becomes by one more event of that task.
 *
 * It is commutative, associative and idempotent, for all it does is to keep, in each slot, the event with the lowest
 * offset (of the attempts at its webhook: with the highest): a join-semilattice, as in state-based CRDTs. So the same events give the same document, byte for byte once
 * it is BSON, in any order, with any repetition, and cut into any batches. It throws for no event.
 *
 *     PENDING ──started──> STARTED ──completed──> SUCCESS, FAILURE, REVOKED
 *        └─────────────────completed────────────────────^     (a later event of a kind, or a repeat, changes nothing)
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
  return taskDocument(one._id, {
    requested: earlier(one.requested, other.requested),
    started: earlier(one.started, other.started),
    completed: earlier(one.completed, other.completed),
    notified: later(one.notified, other.notified),
  });
}

/** The document with these slots: status derived, fields in canonical order, empty slots left out. */
function taskDocument(id: number, { requested, started, completed, notified }: Slots): TaskDocument {
  return {
    _id: id,
    status: statusOf({ started, completed }),
    ...(requested && { requested }),
    ...(started && { started }),
    ...(completed && { completed }),
    ...(notified && { notified }),
  };
}

function statusOf({ started, completed }: Slots): TaskStatus {
  return completed?.outcome ?? (started === undefined ? 'PENDING' : 'STARTED');
}

function earlier<S extends { offset: number }>(one: S | undefined, other: S | undefined): S | undefined {
  if (one === undefined || other === undefined) return one ?? other;
  return other.offset < one.offset ? other : one;
}

function later<S extends { offset: number }>(one: S | undefined, other: S | undefined): S | undefined {
  if (one === undefined || other === undefined) return one ?? other;
  return other.offset > one.offset ? other : one;
}
