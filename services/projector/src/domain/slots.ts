import type {
  CompletedSlot,
  NotificationAttempted,
  NotifiedSlot,
  RequestedSlot,
  StartedSlot,
  TaskCompleted,
  TaskDocument,
  TaskRequested,
  TaskStarted,
} from '@nask/schemas';
import type { TaskEvent } from './task-event.ts';

/** A document's slots, in their canonical order: one for each kind of event. */
export const slotNames = [
  'requested',
  'started',
  'completed',
  'notified',
] as const satisfies readonly (keyof TaskDocument)[];

export type SlotName = (typeof slotNames)[number];

/** The slots that keep the event with the highest offset; all others keep the one with the lowest. */
export const latestSlots: ReadonlySet<SlotName> = new Set(['notified']);

export type Slots = Pick<TaskDocument, SlotName>;

/** The slot that one event fills, its fields in the order of the read model's types. */
export function slotOf(event: TaskEvent, offset: number): Slots {
  switch (event.name) {
    case 'TaskRequested':
      return { requested: requestedSlot(event.data, offset) };
    case 'TaskStarted':
      return { started: startedSlot(event.data, offset) };
    case 'TaskCompleted':
      return { completed: completedSlot(event.data, offset) };
    case 'NotificationAttempted':
      return { notified: notifiedSlot(event.data, offset) };
  }
}

function requestedSlot(data: TaskRequested, offset: number): RequestedSlot {
  return {
    offset,
    event_id: data.event_id,
    type: data.type,
    payload: data.payload,
    notify_url: data.notify_url,
    requested_at: new Date(data.requested_at),
  };
}

function startedSlot(data: TaskStarted, offset: number): StartedSlot {
  return {
    offset,
    event_id: data.event_id,
    attempt: data.attempt,
    executor: data.executor,
    started_at: new Date(data.started_at),
  };
}

function completedSlot(data: TaskCompleted, offset: number): CompletedSlot {
  return {
    offset,
    event_id: data.event_id,
    attempt: data.attempt,
    executor: data.executor,
    outcome: data.outcome,
    result: data.result,
    error: data.error === null ? null : { code: data.error.code, message: data.error.message },
    completed_at: new Date(data.completed_at),
  };
}

function notifiedSlot(data: NotificationAttempted, offset: number): NotifiedSlot {
  return {
    offset,
    event_id: data.event_id,
    round: data.round,
    state: data.state,
    attempts: data.attempt,
    last_error: data.error,
    attempted_at: new Date(data.attempted_at),
    next_attempt_at: data.next_attempt_at === null ? null : new Date(data.next_attempt_at),
  };
}
