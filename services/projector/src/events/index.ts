import type { SlotName } from '@nask/schemas';
import type { EventOfSlot, EventRules, RulesOf, TaskEvent, TaskEventName } from './event.ts';
import { notificationAttempted } from './notification-attempted.ts';
import { taskAttemptFailed } from './task-attempt-failed.ts';
import { taskCancellationRequested } from './task-cancellation-requested.ts';
import { taskCompleted } from './task-completed.ts';
import { taskErased } from './task-erased.ts';
import { taskProgressed } from './task-progressed.ts';
import { taskRequested } from './task-requested.ts';
import { taskStarted } from './task-started.ts';

/**
 * The registry of events: one for each slot of the document. Fold, update pipeline, history, checks, retention and the
 * comparison of `verify` are derived from it.
 */
const rulesByEvent = {
  TaskRequested: taskRequested,
  TaskStarted: taskStarted,
  TaskAttemptFailed: taskAttemptFailed,
  TaskProgressed: taskProgressed,
  TaskCancellationRequested: taskCancellationRequested,
  TaskCompleted: taskCompleted,
  NotificationAttempted: notificationAttempted,
  TaskErased: taskErased,
} satisfies { [S in SlotName as EventOfSlot<S>]: RulesOf<S> };

/** The rules of each event, by its name. */
export const eventRules: Readonly<Record<TaskEventName, EventRules>> = rulesByEvent;

/**
 * Why an event that could be decoded cannot be true: it breaks a promise of the contract that Avro cannot state. Such a
 * record is another program's mistake; in the read model it would break a task's document, or the lists it is in.
 * @param key the record's key
 * @returns a sentence that names the field; undefined when the event can be true
 */
export function impossibility({ name, data }: TaskEvent, key: string | null): string | undefined {
  const id = data.task_id;
  if (!Number.isSafeInteger(id) || id < 1) return `task_id is ${id}; it has to be an integer from 1 to 2^53 - 1`;
  if (key !== String(id))
    return `the record's key is ${key === null ? 'null' : JSON.stringify(key.slice(0, 40))}, its task_id is ${id}`;
  return eventRules[name].faultOf(data);
}
