import { maxTaskEventsPerTopic } from '@nask/schemas';
import { keepsNewestOnly } from '../events/history.ts';

/** An event of a task's history, as far as it is compared. */
export interface ComparedEvent {
  readonly topic: string;
  readonly offset: number;
  /** The event's own time, in ms since 1970: it is kept so long after that. */
  readonly atMs: number;
  /** Equal entries have equal ones. */
  readonly checksum: string;
}

/** The history that the log makes of a task: topic -> its events, ascending by offset. */
export type HistoryOfTask = ReadonlyMap<string, readonly ComparedEvent[]>;

const nothing: HistoryOfTask = new Map();

/** What the log makes of the histories of tasks, in memory: of each topic the events that a history keeps. */
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
    return this.#tasks.get(taskId) ?? nothing;
  }

  forget(taskId: number): void {
    for (const events of this.of(taskId).values()) this.#size -= events.length;
    this.#tasks.delete(taskId);
  }
}

/** Which events are to be the same in every read model. */
export interface HistoryBounds {
  /** Whether the log was read that far. */
  isRead(topic: string, offset: number): boolean;
  /** Whether an event of that time is neither deleted by the database nor about to be. */
  isKept(atMs: number): boolean;
}

/** Where two histories differ; `found` or `expected` is undefined where there is nothing. */
export interface HistoryDifference {
  readonly topic: string;
  readonly offset: number;
  readonly found?: ComparedEvent | undefined;
  readonly expected?: ComparedEvent | undefined;
}

/**
 * Whether an event that was found counts: not when it came after what was read of the log, is about to be deleted for its
 * age, or is beyond the number that is kept and will be cut.
 */
function counts({ topic, offset, atMs }: ComparedEvent, expected: HistoryOfTask, bounds: HistoryBounds): boolean {
  if (!bounds.isRead(topic, offset) || !bounds.isKept(atMs)) return false;
  const events = expected.get(topic) ?? [];
  return events.length < maxTaskEventsPerTopic || offset <= events.at(-1)!.offset;
}

/** Compares a task's stored history with what the log makes of it, in the order of topics and offsets. */
export function historyDifferences(
  expected: HistoryOfTask,
  stored: readonly ComparedEvent[],
  bounds: HistoryBounds,
): HistoryDifference[] {
  // Of progress the newest took the place of the others, and it is not read yet.
  const isReplaced = (topic: string) =>
    keepsNewestOnly(topic) && stored.some((event) => event.topic === topic && !bounds.isRead(topic, event.offset));
  const wanted = [...expected.values()].flat().filter(({ topic, atMs }) => bounds.isKept(atMs) && !isReplaced(topic));
  const pairs = new Map<string, HistoryDifference>();
  for (const event of wanted)
    pairs.set(`${event.topic}/${event.offset}`, { topic: event.topic, offset: event.offset, expected: event });
  for (const event of stored) {
    if (!counts(event, expected, bounds)) continue;
    const { topic, offset } = event;
    pairs.set(`${topic}/${offset}`, { topic, offset, ...pairs.get(`${topic}/${offset}`), found: event });
  }
  return [...pairs.values()]
    .filter(({ found, expected: made }) => found?.checksum !== made?.checksum)
    .toSorted((a, b) => (a.topic === b.topic ? a.offset - b.offset : a.topic < b.topic ? -1 : 1));
}
