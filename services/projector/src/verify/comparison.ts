import { createHash } from 'node:crypto';
import { partitionFor } from '@nask/kafka';
import {
  checkpointId,
  maxTaskEventsPerTopic,
  slotTopics,
  type SlotName,
  type TaskDocument,
  type TaskEventDocument,
} from '@nask/schemas';
import { BSON } from 'mongodb';
import { keepsNewestOnly } from '../events/history.ts';
import { isKeptSince, isToBeKept } from '../read-model/retention.rules.ts';
import { condensed, type ComparedEvent, type HistoryOfTask, type Shadow } from './shadow.ts';

/** What a read model has of one task. */
export interface StoredTask {
  document?: TaskDocument;
  history: TaskEventDocument[];
}

/** What of a task is not what the log says. */
export interface TaskDifference {
  readonly id: number;
  readonly stored: StoredTask;
  /** What the log makes of its document, long texts as hashes. */
  readonly expected: TaskDocument | undefined;
  readonly isDocumentDifferent: boolean;
  readonly history: readonly HistoryDifference[];
}

/** Compares what a read model has of a task with what the log makes of it, as far as both are to be the same. */
export function createTaskComparison(options: {
  /** Checkpoint id -> the offset up to which the log was read. */
  ends: ReadonlyMap<string, number>;
  partitionCount: () => number;
  retentionMs: number;
  nowMs: number;
}) {
  const { ends, partitionCount, retentionMs, nowMs } = options;
  const partitionOf = (id: number) => partitionFor(String(id), partitionCount());
  const isRead = (id: number, topic: string, offset: number) =>
    offset < (ends.get(checkpointId(topic, partitionOf(id))) ?? 0);

  /** Not one that no client sees, or whose retention ends about now. */
  function isCompared(document: TaskDocument | undefined): document is TaskDocument {
    return document !== undefined && isToBeKept(document, retentionMs, nowMs);
  }

  function areEqual(found: TaskDocument | undefined, made: TaskDocument | undefined): boolean {
    if (!isCompared(found) || !isCompared(made)) return isCompared(found) === isCompared(made);
    return checksum(condensed(found)) === checksum(made);
  }

  /** undefined: not compared. Of an erased task there is to be none. */
  function history(shadow: Shadow, id: number): HistoryOfTask | undefined {
    const document = shadow.documents.get(id);
    if (!isCompared(document)) return undefined;
    return document.erased === undefined ? shadow.history.of(id) : new Map();
  }

  return {
    isCompared,
    history,
    isEqual: (shadow: Shadow, document: TaskDocument) => areEqual(document, shadow.documents.get(document._id)),

    /** @returns undefined: nothing differs */
    compare(shadow: Shadow, id: number, stored: StoredTask): TaskDifference | undefined {
      const expected = shadow.documents.get(id);
      const made = history(shadow, id);
      const bounds = {
        isRead: (topic: string, offset: number) => isRead(id, topic, offset),
        isKept: (keptFromMs: number) => isKeptSince(keptFromMs, retentionMs, nowMs),
      };
      const differences = made ? historyDifferences(made, stored.history.map(comparedEvent), bounds) : [];
      const isDocumentDifferent = !areEqual(stored.document, expected);
      if (!isDocumentDifferent && differences.length === 0) return undefined;
      return { id, stored, expected, isDocumentDifferent, history: differences };
    },

    /** Whether the read model has an event of the task that was not read yet: then it is no difference yet. */
    isLate({ id, stored: { document, history: events } }: TaskDifference): boolean {
      if (document !== undefined && isNewer(document, partitionOf(id), ends)) return true;
      return events.some(({ topic, offset }) => !isRead(id, topic, offset));
    },
  };
}

/** SHA-256 of a document's bytes. */
export function checksum(document: TaskDocument | TaskEventDocument): string {
  return createHash('sha256').update(BSON.serialize(document)).digest('base64url');
}

export function comparedEvent(entry: TaskEventDocument): ComparedEvent {
  const { topic, offset, at, kept_from: keptFrom = at } = entry;
  return { topic, offset, keptFromMs: keptFrom.getTime(), checksum: checksum(entry) };
}

/**
 * Whether a document has an event that was not read for the comparison: then it is newer, and no difference yet.
 * @param ends checkpoint id -> the offset up to which the log was read
 */
export function isNewer(document: TaskDocument, partition: number, ends: ReadonlyMap<string, number>): boolean {
  return Object.entries(slotTopics).some(([name, topic]) => {
    const slot = document[name as SlotName];
    return slot !== undefined && slot.offset >= (ends.get(checkpointId(topic, partition)) ?? 0);
  });
}

/** Which events are to be the same in every read model. */
interface HistoryBounds {
  /** Whether the log was read that far. */
  isRead(topic: string, offset: number): boolean;
  /** Whether an event that is kept from that time on is neither deleted by the database nor about to be. */
  isKept(keptFromMs: number): boolean;
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
function counts({ topic, offset, keptFromMs }: ComparedEvent, expected: HistoryOfTask, bounds: HistoryBounds): boolean {
  if (!bounds.isRead(topic, offset) || !bounds.isKept(keptFromMs)) return false;
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
  const wanted = [...expected.values()]
    .flat()
    .filter(({ topic, keptFromMs }) => bounds.isKept(keptFromMs) && !isReplaced(topic));
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
