import type { Events } from '@nask/schemas';

/** The events that make up a task's document. */
export type TaskEventName =
  | 'TaskRequested'
  | 'TaskStarted'
  | 'TaskAttemptFailed'
  | 'TaskProgressed'
  | 'TaskCancellationRequested'
  | 'TaskCompleted'
  | 'NotificationAttempted'
  | 'TaskErased';

/** One event of a task, decoded. */
export type TaskEvent = { [N in TaskEventName]: { readonly name: N; readonly data: Events[N] } }[TaskEventName];

/**
 * An event and its position: its offset in its topic. Topic and partition follow from the event, since each kind has its
 * own topic and a task lives in one partition number of them all.
 */
export interface LoggedEvent {
  readonly event: TaskEvent;
  readonly offset: number;
}
