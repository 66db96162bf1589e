// Generated from ../events/*.avsc by `npm run generate`. Do not edit.

/** A person requested that a bulk action stop. What it has done stays done. */
export interface BulkAbortRequested {
  /** UUIDv7: two records with the same event_id are the same event. */
  event_id: string;
  /** Id of the bulk action, a UUIDv7. Also the record's key. */
  bulk_id: string;
  /** Name of the API key of the person or program that requested it. Null: the gateway has no API keys. */
  requested_by: null | string;
  /** When the gateway accepted it. Milliseconds since 1970-01-01T00:00:00Z. */
  requested_at: number;
}

/** A task on which the action failed. */
export interface BulkError {
  /** Id of the task. */
  task_id: number;
  /** For programs: why, as the type of a problem of the API. */
  code: string;
  /** For people: why. */
  message: string;
}

/** Progress of a bulk action. Of one action the event with the highest offset counts. */
export interface BulkProgressed {
  /** UUIDv8 from a hash of bulk id, event kind and last task: a repetition has the same event_id. */
  event_id: string;
  /** Id of the bulk action, a UUIDv7. Also the record's key. */
  bulk_id: string;
  /** running, done or aborted. */
  state: string;
  /** Where it goes on: after this task. Null: it has not begun. */
  last_task_id: null | number;
  /** On how many tasks the action was carried out. */
  done: number;
  /** On how many it failed. */
  failed: number;
  /** The first failures: at most 20. */
  first_errors: BulkError[];
  /** Name of the gateway process that runs it. */
  gateway: string;
  /** When it was written. Milliseconds since 1970-01-01T00:00:00Z. */
  progressed_at: number;
}

/** A person requested one action on all tasks that match a filter. It applies to tasks accepted before the request. */
export interface BulkRequested {
  /** UUIDv7: two records with the same event_id are the same event. */
  event_id: string;
  /** Id of the bulk action, a UUIDv7. Also the record's key. */
  bulk_id: string;
  /** cancel, run-again, redeliver or erase. */
  action: string;
  /** JSON text of the filter of the list: an object of query parameters. */
  filter: string;
  /** Rate limit. Null: none. */
  tasks_per_second: null | number;
  /** Name of the API key of the person or program that requested it. Null: the gateway has no API keys. */
  requested_by: null | string;
  /** When the gateway accepted it. Milliseconds since 1970-01-01T00:00:00Z. */
  requested_at: number;
}

/** A person decided to discard a dead letter, or to replay it through the topic replays.<service>. */
export interface DeadLetterDecided {
  /** UUIDv7: two records with the same event_id are the same event. */
  event_id: string;
  /** Position of the dead letter: `<service>/<offset>` in dead-letters.<service>. Also the record's key. */
  dead_letter: string;
  /** Name of the service that could not handle the record. */
  service: string;
  /** Offset of the dead letter in dead-letters.<service>. */
  offset: number;
  /** discard or replay. */
  decision: string;
  /** Name of the API key of the person or program that requested it. Null: the gateway has no API keys. */
  requested_by: null | string;
  /** When the gateway accepted it. Milliseconds since 1970-01-01T00:00:00Z. */
  decided_at: number;
}

export type NotificationState = 'RETRYING' | 'DELIVERED' | 'FAILED';

/** The notifier tried to deliver the outcome of a task to its notify_url, or gave it up. Of one task, the event with the highest offset has the state of its notification. */
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
  /** State of the notification after the attempt: RETRYING has a next attempt, DELIVERED was accepted by the receiver (2xx), FAILED was given up. */
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

/** An error behind the error of a task. */
export interface TaskErrorCause {
  /** Class of the error, e.g. TypeError; empty where it has none. At most 64 characters. */
  name: string;
  /** For people: at most 500 characters. */
  message: string;
}

/** A client requested that the outcome of a task be delivered again. Carries the whole outcome, as the read model has it, so that the notifier needs no other source. */
export interface RedeliveryRequested {
  /** UUIDv7, made by the gateway: two records with the same event_id are the same request. */
  event_id: string;
  /** Id of the task. Also the record's key, as a decimal string. */
  task_id: number;
  /** When the gateway accepted the request. Milliseconds since 1970-01-01T00:00:00Z. */
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
  /** For programs: why it failed. Null when the task has no error. */
  error_code: null | string;
  /** For people: why it failed. Null when the task has no error. */
  error_message: null | string;
  /** Name of the API key of the person or program that requested it. Null: the gateway has no API keys, or is of 0.1. */
  requested_by: null | string;
  /** Whether the webhook carries the result, as requested. */
  include_result: boolean;
  /** Earliest time at which the task was to run, as requested. Milliseconds since 1970-01-01T00:00:00Z. Null: at once. Reserved: tasks of 0.2 have none. */
  run_at: null | number;
  /** Chain of causes of the error, the nearest first: at most 5. */
  error_causes: TaskErrorCause[];
}

/** Definition of a schedule. Keyed by its id; a tombstone (no value) when it is deleted. A change never fires times of the past. */
export interface ScheduleChanged {
  /** UUIDv7: two records with the same event_id are the same event. */
  event_id: string;
  /** Id of the schedule, chosen by the client. Also the record's key. */
  schedule_id: string;
  /** Counts the changes of the schedule, from 1. */
  revision: number;
  /** JSON text: times, time zone, template of the task, overlap, catch-up, jitter, start, end. */
  definition: string;
  /** Whether it fires no tasks. */
  is_paused: boolean;
  /** Name of the API key of the person or program that requested it. Null: the gateway has no API keys. */
  requested_by: null | string;
  /** When the gateway accepted the change. Milliseconds since 1970-01-01T00:00:00Z. */
  changed_at: number;
}

/** A time of a schedule came. Written before the task, so that one nominal time is one event, also after a restart. */
export interface ScheduleFired {
  /** UUIDv8 from a hash of schedule id, event kind and nominal time: a repetition has the same event_id. */
  event_id: string;
  /** Id of the schedule, chosen by the client. Also the record's key. */
  schedule_id: string;
  /** Revision of the schedule that fired. */
  revision: number;
  /** The time by the schedule's definition. Milliseconds since 1970-01-01T00:00:00Z. */
  nominal_at: number;
  /** When it fired. Milliseconds since 1970-01-01T00:00:00Z. */
  fired_at: number;
  /** Id of the task that it made. Null: none, because of the overlap rule. */
  task_id: null | number;
}

/** Why a task did not succeed. */
export interface TaskError {
  /** For programs: 1 to 64 characters of A-Z, a-z, 0-9, `_`, `.` and `-`, e.g. unknown-task-type or ECONNREFUSED. */
  code: string;
  /** For people: one sentence, at most 2,000 characters. */
  message: string;
  /** Chain of causes, the nearest first: at most 5. */
  causes: TaskErrorCause[];
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

/** A client requested the cancellation of a task, and the gateway accepted it. The executor stops it and ends it as REVOKED, unless it has ended before. */
export interface TaskCancellationRequested {
  /** UUIDv7, made by the gateway and kept over its own retries. */
  event_id: string;
  /** Id of the task. Also the record's key, as a decimal string. */
  task_id: number;
  /** When the gateway accepted it. Milliseconds since 1970-01-01T00:00:00Z. */
  requested_at: number;
  /** Name of the API key of the person or program that requested it. Null: the gateway has no API keys, or is of 0.1. */
  requested_by: null | string;
}

export type Outcome = 'SUCCESS' | 'FAILURE' | 'REVOKED';

/** A task ended. Carries all that a webhook needs, so that a subscriber needs no other source. The completion with the lowest offset of a task is its outcome; later ones are repeats and are to be ignored. */
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
  /** How it ended: SUCCESS has a result, FAILURE has an error, REVOKED was cancelled or, in a later version, expired before it began. */
  outcome: Outcome;
  /** JSON text of the result. Null unless outcome is SUCCESS. */
  result: null | string;
  /** Why it did not succeed. Of FAILURE always; of REVOKED with the code `expired` when the task expired before it began, else null. Null after SUCCESS. */
  error: null | TaskError;
  /** Whether the webhook carries the result, as requested. */
  include_result: boolean;
  /** Earliest time at which the task was to run, as requested. Retention of the task counts from the later of requested_at and run_at. Milliseconds since 1970-01-01T00:00:00Z. Null: at once. Reserved: tasks of 0.2 have none. */
  run_at: null | number;
}

/** A client requested the erasure of a task that has ended. It absorbs all other events of the task, earlier and later ones: no reader may show them any more. The records of the other events stay in their topics until their own retention ends. */
export interface TaskErased {
  /** UUIDv7, made by the gateway and kept over its own retries. */
  event_id: string;
  /** Id of the task. Also the record's key, as a decimal string. */
  task_id: number;
  /** When the task was accepted. What is left of the task is kept from the latest of requested_at, run_at and erased_at. Milliseconds since 1970-01-01T00:00:00Z. */
  requested_at: number;
  /** When the gateway accepted that. Milliseconds since 1970-01-01T00:00:00Z. */
  erased_at: number;
  /** Name of the API key of the person or program that requested it. Null: the gateway has no API keys, or is of 0.1. */
  requested_by: null | string;
  /** Earliest time at which the task was to run; what is left of the task is kept from the latest of requested_at, run_at and erased_at. Milliseconds since 1970-01-01T00:00:00Z. Null: at once. Reserved: tasks of 0.2 have none. */
  run_at: null | number;
}

/** Stack and last log lines of an attempt that failed, for people: at most 16 KiB. In a topic of its own, with its own rights, since TaskCompleted is public and is copied into retry topics. */
export interface TaskFailureDetails {
  /** UUIDv8 from a hash of task id, event kind and attempt: a repetition has the same event_id. */
  event_id: string;
  /** Id of the task. Also the record's key, as a decimal string. */
  task_id: number;
  /** Which attempt failed, from 1. */
  attempt: number;
  /** Name of the executor process that ran it. */
  executor: string;
  /** When it failed. Milliseconds since 1970-01-01T00:00:00Z. */
  failed_at: number;
  /** Stacks of the error and of its causes; empty where there is none. */
  stack: string;
  /** The last lines that the handler logged, the oldest first. */
  log_lines: string[];
  /** How many earlier lines were left out. */
  omitted_log_lines: number;
}

/** A gateway leased a block of task ids: offset x 1000 + 1 to offset x 1000 + 1000, where offset is this record's own. The record's place in the topic is the lease; its fields say who took it. */
export interface TaskIdLease {
  /** Name of the gateway process that leased the block, e.g. its host name. */
  gateway: string;
  /** When it requested the lease. Milliseconds since 1970-01-01T00:00:00Z. */
  leased_at: number;
}

/** Progress of a running task. At most one a second for each task, none for short ones, and none where an executor would write too many: do not depend on them. */
export interface TaskProgressed {
  /** UUIDv8 from a hash of task id, event kind, attempt and time. */
  event_id: string;
  /** Id of the task. Also the record's key, as a decimal string. */
  task_id: number;
  /** Which attempt it is about, from 1. */
  attempt: number;
  /** Name of the executor process that runs it. */
  executor: string;
  /** How much of the work is done, 0 to 1. */
  fraction: number;
  /** When the handler reported it. Milliseconds since 1970-01-01T00:00:00Z. */
  progressed_at: number;
}

/** A value of the payload that tasks can be found by. */
export interface SearchValue {
  /** Path of the property in the payload, names joined by dots, e.g. customer.id. At most 128 characters of A-Z, a-z, 0-9, `_`, `.` and `-`. */
  name: string;
  /** The value as text: a string as it is, else its JSON text. At most 256 characters. */
  value: string;
}

/** A client requested a task and the gateway accepted it. The first event of every task: in tasks.scheduled if it has run_at, else in tasks.requested. A task with run_at gets to tasks.requested as the same bytes, with the same event_id. */
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
  /** Name of the API key that the task was posted with. Null: the gateway has no API keys, or is of 0.1. */
  client: null | string;
  /** Labels given by the client, each once, in its order: at most 10 of 1 to 64 characters of a-z, 0-9, `_`, `.`, `:`, `=`, `/` and `-`. */
  tags: string[];
  /** Values of the payload that its JSON Schema declares as searchable (`x-search`), sorted by name: at most 10. The gateway extracts them, since other readers do not know the task types. */
  search: SearchValue[];
  /** Id of the task that this one runs again. Null: it is not a repetition of another task. Reserved: gateways of 0.2 do not set it. */
  origin_id: null | number;
  /** Earliest time at which the task is to run. Milliseconds since 1970-01-01T00:00:00Z. Null: at once. Reserved: gateways of 0.2 do not set it. Executors do not wait for it: a record in tasks.requested is due. */
  run_at: null | number;
  /** A task that has not begun by then ends as REVOKED with the error code `expired`. Milliseconds since 1970-01-01T00:00:00Z. Null: it does not expire. Reserved: gateways of 0.2 do not set it, and executors of 0.2 ignore it. */
  expires_at: null | number;
  /** From -9 to 9: of the tasks of one type that wait in an executor, those with a higher number run first. Reserved: gateways of 0.2 do not set it, and executors of 0.2 ignore it. */
  priority: number;
  /** First 16 bytes of the SHA-256, in hexadecimal, of the JSON Schema that the payload was validated against (as RFC 8785 canonical JSON). Null: not known. */
  payload_schema_hash: null | string;
  /** Whether the webhook carries the result. */
  include_result: boolean;
}

/** A client gave a task that waits for its time another one. Of one task the event with the highest offset counts. */
export interface TaskRescheduled {
  /** UUIDv7: two records with the same event_id are the same event. */
  event_id: string;
  /** Id of the task. Also the record's key, as a decimal string. */
  task_id: number;
  /** The new earliest time at which the task is to run. Milliseconds since 1970-01-01T00:00:00Z. */
  run_at: number;
  /** Name of the API key of the person or program that requested it. Null: the gateway has no API keys. */
  requested_by: null | string;
  /** When the gateway accepted it. Milliseconds since 1970-01-01T00:00:00Z. */
  rescheduled_at: number;
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
  /** Number of the trial that the task is on, from 1: after a process died while the task ran, the task runs on trial, one task at a time in each executor. 0: it is not on trial, or has passed. */
  trial: number;
  /** When this executor process read the task from Kafka; from then on the task waited in this process. The same for all attempts that one process makes; later than started_at where an attempt goes on in another process. Milliseconds since 1970-01-01T00:00:00Z. Null: not known. */
  taken_at: null | number;
}

/** A task of tasks.scheduled does not wait any more. Kept as long as tasks.scheduled, so that a scheduler that reads the log again releases no task twice. */
export interface WaitEnded {
  /** UUIDv8 from a hash of task id, event kind and offset in tasks.scheduled: a repetition has the same event_id. */
  event_id: string;
  /** Id of the task. Also the record's key, as a decimal string. */
  task_id: number;
  /** Offset of the TaskRequested in tasks.scheduled. */
  scheduled_offset: number;
  /** released: it was copied to tasks.requested; cancelled; or expired. */
  how: string;
  /** When it ended. Milliseconds since 1970-01-01T00:00:00Z. */
  settled_at: number;
}

/** One of the ways in which the executor runs handlers. */
export interface WorkerLane {
  /** inline, waiting or thread. */
  name: string;
  /** How many tasks it runs at once, at most. */
  places: number;
  /** How many it runs. */
  running: number;
  /** How many wait for a place. */
  in_line: number;
}

/** A task that the executor runs. */
export interface RunningTask {
  /** Id of the task. */
  task_id: number;
  /** Name of the task type. */
  type: string;
  /** Which attempt it is, from 1. */
  attempt: number;
  /** When the attempt began. Milliseconds since 1970-01-01T00:00:00Z. */
  started_at: number;
}

/** State of an executor process, written every 10 s. Keyed by its name; a tombstone (no value) when it has drained. An executor that stopped reporting is gone since its last report. */
export interface WorkerReported {
  /** UUIDv7: two records with the same event_id are the same event. */
  event_id: string;
  /** Name of the executor process, e.g. its host name. Also the record's key. */
  executor: string;
  /** Name of the host that it runs on. */
  host: string;
  /** Version of the product. */
  version: string;
  /** When the process started. Milliseconds since 1970-01-01T00:00:00Z. */
  started_at: number;
  /** When it wrote this report. Milliseconds since 1970-01-01T00:00:00Z. */
  reported_at: number;
  /** Whether it takes no more tasks because it stops. */
  is_draining: boolean;
  /** Its lanes. */
  lanes: WorkerLane[];
  /** What it runs, the oldest first: at most 100. */
  running: RunningTask[];
  /** How many tasks it runs in all. */
  running_total: number;
  /** Resident memory of the process, in bytes. */
  memory_bytes: number;
  /** 99th percentile of the delay of the event loop since the last report, in milliseconds. */
  event_loop_delay_ms: number;
}

/** Every event there is, by name. */
export interface Events {
  BulkAbortRequested: BulkAbortRequested;
  BulkProgressed: BulkProgressed;
  BulkRequested: BulkRequested;
  DeadLetterDecided: DeadLetterDecided;
  NotificationAttempted: NotificationAttempted;
  RedeliveryRequested: RedeliveryRequested;
  ScheduleChanged: ScheduleChanged;
  ScheduleFired: ScheduleFired;
  TaskAttemptFailed: TaskAttemptFailed;
  TaskCancellationRequested: TaskCancellationRequested;
  TaskCompleted: TaskCompleted;
  TaskErased: TaskErased;
  TaskFailureDetails: TaskFailureDetails;
  TaskIdLease: TaskIdLease;
  TaskProgressed: TaskProgressed;
  TaskRequested: TaskRequested;
  TaskRescheduled: TaskRescheduled;
  TaskStarted: TaskStarted;
  WaitEnded: WaitEnded;
  WorkerReported: WorkerReported;
}

export type EventName = keyof Events;

/** The fields of each event that have a default. */
export interface DefaultedFields {
  BulkAbortRequested: 'requested_by';
  BulkProgressed: 'last_task_id' | 'first_errors';
  BulkRequested: 'tasks_per_second' | 'requested_by';
  DeadLetterDecided: 'requested_by';
  NotificationAttempted: 'status_code' | 'error' | 'answer_start' | 'next_attempt_at';
  RedeliveryRequested: 'started_at' | 'result' | 'error_code' | 'error_message' | 'requested_by' | 'include_result' | 'run_at' | 'error_causes';
  ScheduleChanged: 'is_paused' | 'requested_by';
  ScheduleFired: 'task_id';
  TaskAttemptFailed: never;
  TaskCancellationRequested: 'requested_by';
  TaskCompleted: 'notify_url' | 'started_at' | 'result' | 'error' | 'include_result' | 'run_at';
  TaskErased: 'requested_by' | 'run_at';
  TaskFailureDetails: 'omitted_log_lines';
  TaskIdLease: never;
  TaskProgressed: never;
  TaskRequested: 'notify_url' | 'timeout_ms' | 'client' | 'tags' | 'search' | 'origin_id' | 'run_at' | 'expires_at' | 'priority' | 'payload_schema_hash' | 'include_result';
  TaskRescheduled: 'requested_by';
  TaskStarted: 'crashes' | 'trial' | 'taken_at';
  WaitEnded: never;
  WorkerReported: 'is_draining';
}

/** Every event as it is written: a field with a default may be left out. */
export type NewEvents = {
  [E in EventName]: Omit<Events[E], DefaultedFields[E]> & Partial<Pick<Events[E], DefaultedFields[E] & keyof Events[E]>>;
};
