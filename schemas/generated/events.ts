// Generated from ../events/*.avsc by `npm run generate`. Do not edit.

export type NotificationState = 'RETRYING' | 'DELIVERED' | 'FAILED';

/** The notifier tried to deliver the outcome of a task to its notify_url, or gave it up. Of one task, the event with the highest offset tells how its notification stands. */
export interface NotificationAttempted {
  /** UUIDv8 from a hash of task id, event kind, round and attempt: a repeat of the same attempt has the same event_id. */
  event_id: string;
  /** Id of the task. Also the record's key, as a decimal string. */
  task_id: number;
  /** The header webhook-id: the same for every attempt and round. */
  webhook_id: string;
  /** Offset in tasks.completed of the completion that is sent: the lowest of the task. */
  completion_offset: number;
  /** Which request to deliver it this belongs to: 0 for the task's end; 1 + the offset in notifications.redelivery-requested for one made by hand. A later round takes the place of the earlier ones. */
  round: number;
  /** Which attempt of its round this is, from 1. */
  attempt: number;
  /** How the notification stands after it: RETRYING has a next attempt, DELIVERED was accepted by the receiver (2xx), FAILED was given up. */
  state: NotificationState;
  /** For programs: accepted, gone, rejected, unavailable, timeout, unreachable, forbidden, unusable-url or expired. */
  result: string;
  /** HTTP status of the answer. Null: there was none. */
  status_code: null | number;
  /** From the start of the attempt to its end, in milliseconds. */
  duration_ms: number;
  /** For people: why it was not delivered. Null when it was. */
  error: null | string;
  /** The first bytes of the answer's body as UTF-8, as many as NOTIFY_KEEP_ANSWER_BYTES says. Null: there were none, or none are kept. */
  answer_start: null | string;
  /** When the attempt began. Milliseconds since 1970-01-01T00:00:00Z. */
  attempted_at: number;
  /** When the next attempt is due, at the earliest. Milliseconds since 1970-01-01T00:00:00Z. Null unless state is RETRYING. */
  next_attempt_at: null | number;
  /** Name of the notifier process, e.g. its host name. */
  notifier: string;
}

/** Somebody asked for the outcome of a task to be delivered again. Carries all of the outcome, as the read model has it, so that the notifier asks nobody. */
export interface RedeliveryRequested {
  /** UUIDv7, made by the gateway: two records with the same event_id are the same request. */
  event_id: string;
  /** Id of the task. Also the record's key, as a decimal string. */
  task_id: number;
  /** When it was asked for. Milliseconds since 1970-01-01T00:00:00Z. */
  redelivery_requested_at: number;
  /** Offset in tasks.completed of the completion that is the outcome. */
  completion_offset: number;
  /** event_id of the TaskCompleted that is the outcome. */
  completion_event_id: string;
  /** Name of the task type, as requested. */
  type: string;
  /** JSON text of the payload, as requested. */
  payload: string;
  /** Where the outcome is to be POSTed, as requested. */
  notify_url: string;
  /** When the task was accepted. Milliseconds since 1970-01-01T00:00:00Z. */
  requested_at: number;
  /** When the task began, as GET shows it. Milliseconds since 1970-01-01T00:00:00Z. Null: it never ran. */
  started_at: null | number;
  /** When the task ended. Milliseconds since 1970-01-01T00:00:00Z. */
  completed_at: number;
  /** The attempt that ended it, from 1; 0 when it never ran. */
  attempt: number;
  /** Name of the executor process that ended it. */
  executor: string;
  /** How it ended: SUCCESS, FAILURE or REVOKED. */
  outcome: string;
  /** JSON text of the result. Null unless outcome is SUCCESS. */
  result: null | string;
  /** For programs: why it failed. Null unless outcome is FAILURE. */
  error_code: null | string;
  /** For people: why it failed. Null unless outcome is FAILURE. */
  error_message: null | string;
}

/** Why a task did not succeed. */
export interface TaskError {
  /** For programs: a word in kebab-case, e.g. unknown-task-type. */
  code: string;
  /** For people: one sentence, at most 2,000 characters. */
  message: string;
}

/** An attempt at a task failed and there will be another: until that begins, the status is RETRY. The last attempt's failure is a TaskCompleted. */
export interface TaskAttemptFailed {
  /** UUIDv8 from a hash of task id, event kind and attempt: a repeated failure of the same attempt has the same event_id. */
  event_id: string;
  /** Id of the task. Also the record's key, as a decimal string. */
  task_id: number;
  /** Which attempt failed, from 1. */
  attempt: number;
  /** Name of the executor process that ran it. */
  executor: string;
  /** Why it failed. */
  error: TaskError;
  /** When it failed. Milliseconds since 1970-01-01T00:00:00Z. */
  failed_at: number;
  /** When the next attempt is due, not before. Milliseconds since 1970-01-01T00:00:00Z. */
  next_attempt_at: number;
}

/** A client asked that a task be stopped, and the gateway accepted that. The executor stops it and ends it as REVOKED, unless it has ended before. */
export interface TaskCancellationRequested {
  /** UUIDv7, made by the gateway and kept over its own retries. */
  event_id: string;
  /** Id of the task. Also the record's key, as a decimal string. */
  task_id: number;
  /** When the gateway accepted it. Milliseconds since 1970-01-01T00:00:00Z. */
  requested_at: number;
}

export type Outcome = 'SUCCESS' | 'FAILURE' | 'REVOKED';

/** A task ended. Carries all that a webhook needs, so that a subscriber asks nobody. The completion with the lowest offset of a task is its outcome; later ones are repeats and are to be ignored. */
export interface TaskCompleted {
  /** UUIDv8 from a hash of task id, event kind and attempt: a repeated completion of the same attempt has the same event_id. */
  event_id: string;
  /** Id of the task. Also the record's key, as a decimal string. */
  task_id: number;
  /** Name of the task type, as requested. */
  type: string;
  /** JSON text of the payload, as requested. */
  payload: string;
  /** Where the outcome is to be POSTed, as requested. Null: nowhere. */
  notify_url: null | string;
  /** When the task was accepted. Milliseconds since 1970-01-01T00:00:00Z. */
  requested_at: number;
  /** When the attempt that ended it began. Milliseconds since 1970-01-01T00:00:00Z. Null: it never ran. */
  started_at: null | number;
  /** When it ended. Milliseconds since 1970-01-01T00:00:00Z. */
  completed_at: number;
  /** The attempt that ended it, from 1; 0 when it never ran. */
  attempt: number;
  /** Name of the executor process that ended it. */
  executor: string;
  /** How it ended: SUCCESS has a result, FAILURE has an error, REVOKED was cancelled. */
  outcome: Outcome;
  /** JSON text of the result. Null unless outcome is SUCCESS. */
  result: null | string;
  /** Why it failed. Null unless outcome is FAILURE. */
  error: null | TaskError;
}

/** Somebody asked that a task that has ended be erased. It absorbs all other events of the task, earlier and later ones: no reader may show them any more. The records of the other events stay in their topics until their own retention ends. */
export interface TaskErased {
  /** UUIDv7, made by the gateway and kept over its own retries. */
  event_id: string;
  /** Id of the task. Also the record's key, as a decimal string. */
  task_id: number;
  /** When the task was accepted: what is left of it is kept as long as the task would have been. Milliseconds since 1970-01-01T00:00:00Z. */
  requested_at: number;
  /** When the gateway accepted that. Milliseconds since 1970-01-01T00:00:00Z. */
  erased_at: number;
}

/** A gateway leased a block of task ids: offset x 1000 + 1 to offset x 1000 + 1000, where offset is this record's own. The record's place in the topic is the lease; its fields say who took it. */
export interface TaskIdLease {
  /** Name of the gateway process that leased the block, e.g. its host name. */
  gateway: string;
  /** When it asked. Milliseconds since 1970-01-01T00:00:00Z. */
  leased_at: number;
}

/** A running task has come some way. At most one a second for each task, none for short ones, and none at all where an executor would write too many: nothing may depend on them. */
export interface TaskProgressed {
  /** UUIDv8 from a hash of task id, event kind, attempt and time. */
  event_id: string;
  /** Id of the task. Also the record's key, as a decimal string. */
  task_id: number;
  /** Which attempt has come so far, from 1. */
  attempt: number;
  /** Name of the executor process that runs it. */
  executor: string;
  /** How much of the work is done, 0 to 1. */
  fraction: number;
  /** When it said so. Milliseconds since 1970-01-01T00:00:00Z. */
  progressed_at: number;
}

/** A client asked for a task and the gateway accepted it. The first event of every task. */
export interface TaskRequested {
  /** UUIDv7, made by the gateway and kept over its own retries: two records with the same event_id are the same request. */
  event_id: string;
  /** Id of the task, a positive integer that is never given twice. Also the record's key, as a decimal string. */
  task_id: number;
  /** Name of the task type, e.g. prime. Each has a JSON Schema for its payload. */
  type: string;
  /** What to work on: JSON text, valid against the JSON Schema of the task type. */
  payload: string;
  /** Where the outcome is to be POSTed: an absolute http or https URL. Null: nowhere. */
  notify_url: null | string;
  /** When the gateway accepted the task. Milliseconds since 1970-01-01T00:00:00Z. */
  requested_at: number;
  /** How long an attempt may run, in milliseconds, where the client wants less than the task type allows. Null: what the type allows. */
  timeout_ms: null | number;
}

/** An executor is about to run a task. Acknowledged before a handler that waits or takes a thread begins, so it is the durable count of deliveries. It is written again when the attempt goes on in another process. */
export interface TaskStarted {
  /** UUIDv8 from a hash of task id, event kind and attempt: a repeated start of the same attempt has the same event_id. */
  event_id: string;
  /** Id of the task. Also the record's key, as a decimal string. */
  task_id: number;
  /** Which attempt this is, from 1. */
  attempt: number;
  /** Name of the executor process that runs it, e.g. its host name. */
  executor: string;
  /** When the attempt began, for the first time: an attempt that goes on in another process keeps it. Milliseconds since 1970-01-01T00:00:00Z. */
  started_at: number;
  /** How many executor processes have died while they ran this task. */
  crashes: number;
  /** From 1: the how-manieth time this task is on trial, which it is after a process died while it ran; no two tasks are on trial at once in one executor. 0: it is not, or it has passed. */
  trial: number;
}

/** Every event there is, by name. */
export interface Events {
  NotificationAttempted: NotificationAttempted;
  RedeliveryRequested: RedeliveryRequested;
  TaskAttemptFailed: TaskAttemptFailed;
  TaskCancellationRequested: TaskCancellationRequested;
  TaskCompleted: TaskCompleted;
  TaskErased: TaskErased;
  TaskIdLease: TaskIdLease;
  TaskProgressed: TaskProgressed;
  TaskRequested: TaskRequested;
  TaskStarted: TaskStarted;
}

export type EventName = keyof Events;
