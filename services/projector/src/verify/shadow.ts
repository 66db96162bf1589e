import { createHash } from 'node:crypto';
import { checkpointId, topics, type EventName, type TaskDocument } from '@nask/schemas';
import { evolve } from '../events/evolve.ts';
import { ShadowHistory, type ComparedEvent } from './shadow-history.ts';
import { slotNames, type SlotName } from '../events/slots.ts';
import type { LoggedEvent, TaskEvent } from '../events/event.ts';

/** The part of the tasks that one pass over the log compares: ids from `from` up to, not including, `to`. */
export interface IdRange {
  from: number;
  to: number;
}

/** Few have more. */
const eventsPerTask = 10;

/**
 * What the log makes of the tasks in a range, documents and history, in memory, so that a read model can be compared with
 * it. Of more tasks than `maxTasks`, or of more history than such tasks mostly have, it keeps the lower half and forgets the
 * others: `range.to` says where the next pass has to begin. Long texts are kept as their hashes.
 */
export class Shadow {
  readonly documents = new Map<number, TaskDocument>();
  readonly history = new ShadowHistory();
  readonly range: IdRange;
  readonly #maxTasks: number;

  constructor(from: number, maxTasks: number) {
    this.range = { from, to: Infinity };
    this.#maxTasks = maxTasks;
  }

  /** @param entry what the event is in the task's history; undefined: nothing */
  add({ event, offset }: LoggedEvent, entry?: ComparedEvent): void {
    const id = event.data.task_id;
    if (id < this.range.from || id >= this.range.to) return;
    this.documents.set(id, condensed(evolve(this.documents.get(id), event, offset)));
    if (entry !== undefined) this.history.add(id, entry);
    if (this.#isFull()) this.#forgetUpperHalf();
  }

  #isFull(): boolean {
    const tasks = this.documents.size;
    return tasks > this.#maxTasks || (tasks > 1 && this.history.size > this.#maxTasks * eventsPerTask);
  }

  #forgetUpperHalf(): void {
    const ids = [...this.documents.keys()].toSorted((a, b) => a - b);
    this.range.to = ids[Math.ceil(ids.length / 2)]!;
    for (const id of ids.filter((upper) => upper >= this.range.to)) {
      this.documents.delete(id);
      this.history.forget(id);
    }
  }
}

/** Longer texts of a document are compared by their hashes. */
const longestText = 256;

/** The document with each long text as its hash: equal documents give equal ones. */
export function condensed(document: TaskDocument): TaskDocument {
  const { requested, completed } = document;
  if (!isLong(requested?.payload) && !isLong(completed?.result)) return document;
  const short = { ...document };
  if (requested !== undefined) short.requested = { ...requested, payload: hashOf(requested.payload) };
  if (completed !== undefined)
    short.completed = { ...completed, result: completed.result === null ? null : hashOf(completed.result) };
  return short;
}

function isLong(text: string | null | undefined): boolean {
  return text !== null && text !== undefined && text.length > longestText;
}

function hashOf(text: string): string {
  return isLong(text) ? `sha256:${createHash('sha256').update(text).digest('hex')}` : text;
}

const topicOfSlot: Readonly<Record<SlotName, EventName>> = {
  requested: 'TaskRequested',
  started: 'TaskStarted',
  attempt_failed: 'TaskAttemptFailed',
  progressed: 'TaskProgressed',
  cancellation_requested: 'TaskCancellationRequested',
  completed: 'TaskCompleted',
  notified: 'NotificationAttempted',
  erased: 'TaskErased',
} satisfies Record<SlotName, TaskEvent['name']>;

const topicByEvent = new Map(Object.entries(topics).map(([topic, { event }]) => [event, topic]));

/**
 * Whether a document has an event that was not read for the comparison: then it is newer, and no difference yet.
 * @param ends checkpoint id -> the offset up to which the log was read
 */
export function isNewer(document: TaskDocument, partition: number, ends: ReadonlyMap<string, number>): boolean {
  return slotNames.some((name) => {
    const slot = document[name];
    if (slot === undefined) return false;
    const topic = topicByEvent.get(topicOfSlot[name])!;
    return slot.offset >= (ends.get(checkpointId(topic, partition)) ?? 0);
  });
}
