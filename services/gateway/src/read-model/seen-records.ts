import type { TaskDocument, TaskEventDocument } from '@nask/schemas';
import { stateOf, type TaskState } from './task-state.ts';

/** A record of the log, as what is read of a task shows that it is in there. */
export interface SeenRecord {
  taskId: number;
  topic: string;
  offset: number;
}

/** The records that these documents were made of, as far as they still tell. */
export function recordsInTasks(documents: Iterable<TaskDocument>): SeenRecord[] {
  return [...documents].flatMap((document) => {
    const { _id: taskId, erased } = document;
    if (erased !== undefined) return [{ taskId, topic: 'tasks.erased', offset: erased.offset }];
    return recordsInStates([[taskId, stateOf(document)]]);
  });
}

/** The same of what is known of documents: task id -> state. */
export function recordsInStates(states: Iterable<readonly [number, TaskState | undefined]>): SeenRecord[] {
  return [...states].flatMap(([taskId, state]) =>
    Object.entries(state?.positions ?? {}).map(([topic, offset]) => ({ taskId, topic, offset })),
  );
}

/** The records of histories. */
export function recordsInHistories(histories: Iterable<TaskEventDocument[]>): SeenRecord[] {
  return [...histories].flat().map(({ task_id, topic, offset }) => ({ taskId: task_id, topic, offset }));
}
