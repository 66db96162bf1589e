import { slotTopics, type SlotName } from '@nask/schemas';
import type { EventRules, RulesOf, TaskEvent, TaskTopic } from './event.ts';
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
const rulesOfSlots = {
  scheduled: taskRequested,
  requested: taskRequested,
  started: taskStarted,
  attempt_failed: taskAttemptFailed,
  progressed: taskProgressed,
  cancellation_requested: taskCancellationRequested,
  completed: taskCompleted,
  notified: notificationAttempted,
  erased: taskErased,
} satisfies { [S in SlotName]: RulesOf<S> };

/** The rules of the event that fills a slot. */
export interface SlotRules extends EventRules {
  readonly slot: SlotName;
  readonly topic: TaskTopic;
}

/** The rules of each slot, in the document's order of fields. */
export const slots: readonly SlotRules[] = (Object.keys(slotTopics) as SlotName[]).map((slot) => ({
  ...(rulesOfSlots[slot] as EventRules),
  slot,
  topic: slotTopics[slot],
}));

/** The rules of the event in each topic. */
export const topicRules = Object.fromEntries(slots.map((rules) => [rules.topic, rules])) as Readonly<
  Record<TaskTopic, SlotRules>
>;

/**
 * Why an event that could be decoded cannot be true: it breaks a promise of the contract that Avro cannot state. Such a
 * record is another program's mistake; in the read model it would break a task's document, or the lists it is in.
 * @param key the record's key
 * @returns a sentence that names the field; undefined when the event can be true
 */
export function impossibility({ topic, data }: TaskEvent, key: string | null): string | undefined {
  const id = data.task_id;
  if (!Number.isSafeInteger(id) || id < 1) return `task_id is ${id}; it has to be an integer from 1 to 2^53 - 1`;
  if (key !== String(id))
    return `the record's key is ${key === null ? 'null' : JSON.stringify(key.slice(0, 40))}, its task_id is ${id}`;
  return topicRules[topic].faultOf(data);
}
