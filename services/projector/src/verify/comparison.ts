import { partitionFor } from '@nask/kafka';
import { checkpointId, type TaskDocument } from '@nask/schemas';
import { isKeptSince, isToBeKept } from '../read-model/retention.rules.ts';
import { historyDifferences, type HistoryDifference, type HistoryOfTask } from './shadow-history.ts';
import { condensed, isNewer, type Shadow } from './shadow.ts';
import { checksum, comparedEvent, type StoredTask } from './stored-tasks.ts';

/** What of a task is not what the log says. */
export interface TaskDifference {
  readonly id: number;
  readonly stored: StoredTask;
  /** What the log makes of its document, long texts as hashes. */
  readonly expected: TaskDocument | undefined;
  readonly isDocumentDifferent: boolean;
  readonly history: readonly HistoryDifference[];
}

export interface TaskComparisonOptions {
  /** Checkpoint id -> the offset up to which the log was read. */
  ends: ReadonlyMap<string, number>;
  partitionCount: () => number;
  retentionMs: number;
  nowMs: number;
}

const noHistory: HistoryOfTask = new Map();

/** Compares what a read model has of a task with what the log makes of it, as far as both are to be the same. */
export function createTaskComparison({ ends, partitionCount, retentionMs, nowMs }: TaskComparisonOptions) {
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
    return document.erased === undefined ? shadow.history.of(id) : noHistory;
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
        isKept: (atMs: number) => isKeptSince(atMs, retentionMs, nowMs),
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
