import { createHash } from 'node:crypto';
import { maxTaskEventsPerTopic, slotTopics, type SlotName, type TaskDocument } from '@nask/schemas';
import type { LoggedEvent } from '../events/event.ts';
import { evolve } from '../events/evolve.ts';
import { keepsNewestOnly } from '../events/history.ts';

/** The part of the tasks that one pass over the log compares: ids from `from` up to, not including, `to`. */
export interface IdRange {
  from: number;
  to: number;
}

/** An event of a task's history, as far as it is compared. */
export interface ComparedEvent {
  readonly topic: string;
  readonly offset: number;
  /** Retention counts from then, in ms since 1970. */
  readonly keptFromMs: number;
  /** Equal entries have equal ones. */
  readonly checksum: string;
}

/** The history that the log makes of a task: topic -> its events, ascending by offset. */
export type HistoryOfTask = ReadonlyMap<string, readonly ComparedEvent[]>;

/** Few have more. */
const eventsPerTask = 10;

/**
 * What the log makes of the tasks in a range, documents and history, in memory, so that a read model can be compared with
 * it. Of more tasks than `maxTasks`, or of more history than such tasks mostly have, it keeps the lower half and drops the
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

  /** @param entry the event in the task's history; undefined: it is not in it */
  add({ event, offset }: LoggedEvent, entry?: ComparedEvent): void {
    const id = event.data.task_id;
    if (id < this.range.from || id >= this.range.to) return;
    this.documents.set(id, condensed(evolve(this.documents.get(id), event, offset)));
    if (entry !== undefined) this.history.add(id, entry);
    if (this.#isFull()) this.#dropUpperHalf();
  }

  #isFull(): boolean {
    const tasks = this.documents.size;
    return tasks > this.#maxTasks || (tasks > 1 && this.history.size > this.#maxTasks * eventsPerTask);
  }

  #dropUpperHalf(): void {
    const ids = [...this.documents.keys()].toSorted((a, b) => a - b);
    this.range.to = ids[Math.ceil(ids.length / 2)]!;
    for (const id of ids.filter((upper) => upper >= this.range.to)) {
      this.documents.delete(id);
      this.history.drop(id);
    }
  }
}

/** The history that the log makes of each task: of each topic the events that a history keeps. */
export class ShadowHistory {
  readonly #tasks = new Map<number, Map<string, ComparedEvent[]>>();
  #size = 0;

  /** How many events are held. */
  get size(): number {
    return this.#size;
  }

  /** Takes the next event of a task; those of a topic come in the order of their offsets. */
  add(taskId: number, event: ComparedEvent): void {
    const task = this.#tasks.get(taskId) ?? new Map<string, ComparedEvent[]>();
    this.#tasks.set(taskId, task);
    const events = task.get(event.topic) ?? [];
    task.set(event.topic, events);
    this.#size -= events.length;
    if (keepsNewestOnly(event.topic)) events.splice(0, 1, event);
    else if (events.length < maxTaskEventsPerTopic) events.push(event);
    this.#size += events.length;
  }

  of(taskId: number): HistoryOfTask {
    return this.#tasks.get(taskId) ?? new Map();
  }

  drop(taskId: number): void {
    for (const events of this.of(taskId).values()) this.#size -= events.length;
    this.#tasks.delete(taskId);
  }
}

/** Longer texts of a document are compared by their hashes. */
const longestText = 256;

const slotNames = Object.keys(slotTopics) as SlotName[];

/** The document with each long text of its slots as its hash: equal documents give equal ones. */
export function condensed(document: TaskDocument): TaskDocument {
  const long = slotNames.filter((name) => Object.values(document[name] ?? {}).some(isLong));
  if (long.length === 0) return document;
  const slots = long.map((name) => {
    const fields = Object.entries(document[name]!);
    return [name, Object.fromEntries(fields.map(([field, value]) => [field, isLong(value) ? hashOf(value) : value]))];
  });
  return { ...document, ...(Object.fromEntries(slots) as Partial<TaskDocument>) };
}

function isLong(value: unknown): value is string {
  return typeof value === 'string' && value.length > longestText;
}

function hashOf(text: string): string {
  return `sha256:${createHash('sha256').update(text).digest('hex')}`;
}
