import type {
  AttemptFailedSlot,
  CancellationRequestedSlot,
  CompletedSlot,
  ErasedSlot,
  NotificationAttempted,
  NotifiedSlot,
  ProgressedSlot,
  RequestedSlot,
  StartedSlot,
  TaskAttemptFailed,
  TaskCancellationRequested,
  TaskCompleted,
  TaskDocument,
  TaskErased,
  TaskProgressed,
  TaskRequested,
  TaskStarted,
} from '@nask/schemas';
import type { TaskEvent } from './event.ts';

/** Which of two events of a kind a slot keeps. Each rule orders all events of a kind, so the order they come in is nothing. */
export type SlotRule =
  /** The lowest offset. */
  | 'first'
  /** The highest offset. */
  | 'last'
  /** The highest attempt; of several events of it the lowest offset. */
  | 'latest-attempt';

/** A document's slots, in their canonical order: one for each kind of event. */
export const slotRules = {
  requested: 'first',
  started: 'latest-attempt',
  attempt_failed: 'latest-attempt',
  progressed: 'last',
  cancellation_requested: 'first',
  completed: 'first',
  notified: 'last',
  erased: 'first',
} as const satisfies Partial<Record<keyof TaskDocument, SlotRule>>;

/** Of each slot the field that says when it was: the first that is there tells since when a task is. */
export const slotTimes = {
  requested: 'requested_at',
  started: 'started_at',
  attempt_failed: 'failed_at',
  progressed: 'progressed_at',
  cancellation_requested: 'requested_at',
  completed: 'completed_at',
  notified: 'attempted_at',
  erased: 'requested_at',
} as const satisfies Record<keyof typeof slotRules, string>;

export type SlotName = keyof typeof slotRules;

export const slotNames = Object.keys(slotRules) as SlotName[];

export type Slots = Pick<TaskDocument, SlotName>;

/** The slot that one event fills, its fields in the order of the read model's types. */
export function slotOf(event: TaskEvent, offset: number): Slots {
  switch (event.name) {
    case 'TaskRequested':
      return { requested: requestedSlot(event.data, offset) };
    case 'TaskStarted':
      return { started: startedSlot(event.data, offset) };
    case 'TaskAttemptFailed':
      return { attempt_failed: attemptFailedSlot(event.data, offset) };
    case 'TaskProgressed':
      return { progressed: progressedSlot(event.data, offset) };
    case 'TaskCancellationRequested':
      return { cancellation_requested: cancellationRequestedSlot(event.data, offset) };
    case 'TaskCompleted':
      return { completed: completedSlot(event.data, offset) };
    case 'NotificationAttempted':
      return { notified: notifiedSlot(event.data, offset) };
    case 'TaskErased':
      return { erased: erasedSlot(event.data, offset) };
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

function attemptFailedSlot(data: TaskAttemptFailed, offset: number): AttemptFailedSlot {
  return {
    offset,
    event_id: data.event_id,
    attempt: data.attempt,
    executor: data.executor,
    error: { code: data.error.code, message: data.error.message },
    failed_at: new Date(data.failed_at),
    next_attempt_at: new Date(data.next_attempt_at),
  };
}

function progressedSlot(data: TaskProgressed, offset: number): ProgressedSlot {
  return {
    offset,
    event_id: data.event_id,
    attempt: data.attempt,
    fraction: data.fraction,
    progressed_at: new Date(data.progressed_at),
  };
}

function cancellationRequestedSlot(data: TaskCancellationRequested, offset: number): CancellationRequestedSlot {
  return { offset, event_id: data.event_id, requested_at: new Date(data.requested_at) };
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

function erasedSlot(data: TaskErased, offset: number): ErasedSlot {
  return {
    offset,
    event_id: data.event_id,
    requested_at: new Date(data.requested_at),
    erased_at: new Date(data.erased_at),
  };
}
