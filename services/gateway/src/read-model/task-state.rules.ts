import type { slotTopics, TaskDocument, TaskEventDocument, TaskStatus } from '@nask/schemas';

/** The slots of a document that clients see, in causal order, and the topic whose events fill each. */
export const visibleSlotTopics = {
  scheduled: 'tasks.scheduled',
  requested: 'tasks.requested',
  cancellation_requested: 'tasks.cancellation-requested',
  started: 'tasks.started',
  progressed: 'tasks.progressed',
  attempt_failed: 'tasks.attempt-failed',
  completed: 'tasks.completed',
  notified: 'notifications.attempted',
} as const satisfies Omit<typeof slotTopics, 'erased'>;

/** Topic -> offset: how much of a task is known. Topics have no common order, so it takes one offset a topic. */
export type Positions = Readonly<Record<string, number>>;

/** How a task stands in the read model: it differs whenever its document does. */
export interface TaskState {
  status: TaskStatus;
  positions: Positions;
}

/** A document, or as much of one as has the status and the offsets of the slots. */
export type StateDocument = Pick<TaskDocument, 'status'> & {
  [Slot in keyof typeof visibleSlotTopics]?: { offset: number };
};

/** How the task of a document stands; undefined when clients do not see it. */
export function stateOf(document: StateDocument | undefined): TaskState | undefined {
  if (document?.requested === undefined && document?.scheduled === undefined) return undefined;
  const positions: Record<string, number> = {};
  for (const [slot, topic] of Object.entries(visibleSlotTopics)) {
    const offset = document[slot as keyof typeof visibleSlotTopics]?.offset;
    if (offset !== undefined) positions[topic] = offset;
  }
  return { status: document.status as TaskStatus, positions };
}

/** Whether two states are of the same document. */
export function isSameState(a: TaskState | undefined, b: TaskState | undefined): boolean {
  if (a === undefined || b === undefined) return a === b;
  if (a.status !== b.status) return false;
  return Object.values(visibleSlotTopics).every((topic) => a.positions[topic] === b.positions[topic]);
}

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
