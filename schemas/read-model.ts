import type { EventName, NotificationState, Outcome, SearchValue, TaskError } from './generated/events.ts';
import type { EventTopicName } from './topics.ts';

/**
 * The read model: one document a task, in the collection named by `tasksCollection`. The projector writes it, the
 * gateway answers GET from it. It is a pure function of the log.
 *
 * Each topic of the task's events has one slot, with the event's data and its offset (a task has one partition number, so
 * an offset is a position). Which event a slot keeps depends on its kind: the first request, cancellation and completion
 * (the lowest offset); the latest attempt's start and failure (the highest attempt, of several events of it the first); the
 * newest progress and attempt at the webhook (the highest offset). What stands above the slots is derived from them, for
 * queries. An erasure absorbs all: a document with its slot has no other. Optional fields are there where they differ from
 * the event's defaults, after the others of a slot. Field order is as declared here, always: the same events, in any order
 * and with any repetition, give the same bytes.
 */
export interface TaskDocument extends DerivedFields {
  /** The task's id. */
  _id: number;
  /** The request in tasks.scheduled: of a task with `run_at`. It has the same content as that in tasks.requested; their offsets do not compare. */
  scheduled?: RequestSlot;
  /** The request in tasks.requested. */
  requested?: RequestSlot;
  started?: StartedSlot;
  attempt_failed?: AttemptFailedSlot;
  progressed?: ProgressedSlot;
  cancellation_requested?: CancellationRequestedSlot;
  completed?: CompletedSlot;
  notified?: NotifiedSlot;
  erased?: ErasedSlot;
}

/** The part of a document that is derived from its slots. `request`: the slot `requested`, else `scheduled`. */
interface DerivedFields {
  /** ERASED when it was erased; else the completion's outcome; else RETRY when the latest attempt has failed; else STARTED; else PENDING. */
  status: TaskStatus | 'ERASED';
  /** When the task was accepted, of the request; while that is not known, the time of the first slot that is there. */
  created_at?: Date;
  /** Retention counts from here: the latest of `created_at`, the `run_at` of the slots and the time of the erasure. */
  kept_from?: Date;
  /** Of the request. A document without it is invisible to clients: its request is not there (yet, or any more). */
  type?: string;
  /** Of the request. */
  client?: string;
  /** Of the request. */
  tags?: string[];
  /** Of the request: each as `storedSearchValue` makes it. */
  search?: string[];
  /** Of the request. */
  origin_id?: number;
  /** Of the request. */
  run_at?: Date;
}

/** The topic whose events fill each slot, in the order of the document's fields. */
export const slotTopics = {
  scheduled: 'tasks.scheduled',
  requested: 'tasks.requested',
  started: 'tasks.started',
  attempt_failed: 'tasks.attempt-failed',
  progressed: 'tasks.progressed',
  cancellation_requested: 'tasks.cancellation-requested',
  completed: 'tasks.completed',
  notified: 'notifications.attempted',
  erased: 'tasks.erased',
} as const satisfies Record<Exclude<keyof TaskDocument, '_id' | keyof DerivedFields>, EventTopicName>;

/** The slots of a document. */
export type SlotName = keyof typeof slotTopics;

/** Celery's names: PENDING waits, STARTED runs, RETRY waits after a failed attempt, REVOKED was cancelled. */
export type TaskStatus = 'PENDING' | 'STARTED' | 'RETRY' | Outcome;

/** A TaskRequested. */
export interface RequestSlot {
  offset: number;
  event_id: string;
  type: string;
  /** JSON text. */
  payload: string;
  notify_url: string | null;
  requested_at: Date;
  timeout_ms?: number;
  client?: string;
  tags?: string[];
  /** Each as `storedSearchValue` makes it. */
  search?: string[];
  origin_id?: number;
  run_at?: Date;
  expires_at?: Date;
  priority?: number;
  payload_schema_hash?: string;
  include_result?: false;
}

export interface StartedSlot {
  offset: number;
  event_id: string;
  attempt: number;
  executor: string;
  started_at: Date;
  /** When the executor took the task from Kafka. */
  taken_at?: Date;
}

interface AttemptFailedSlot {
  offset: number;
  event_id: string;
  attempt: number;
  executor: string;
  error: StoredError;
  failed_at: Date;
  next_attempt_at: Date;
}

/** The error of an event; `causes` is there where there are any. */
export type StoredError = Omit<TaskError, 'causes'> & Partial<Pick<TaskError, 'causes'>>;

/** An error without an empty list of causes, as documents and clients have it. */
export function storedError({ code, message, causes = [] }: StoredError): StoredError {
  if (causes.length === 0) return { code, message };
  return { code, message, causes: causes.map((cause) => ({ name: cause.name, message: cause.message })) };
}

interface ProgressedSlot {
  offset: number;
  event_id: string;
  attempt: number;
  /** 0 to 1. */
  fraction: number;
  progressed_at: Date;
}

interface CancellationRequestedSlot {
  offset: number;
  event_id: string;
  requested_at: Date;
  /** Name of the API key. */
  requested_by?: string;
}

export interface CompletedSlot {
  offset: number;
  event_id: string;
  attempt: number;
  executor: string;
  outcome: Outcome;
  /** JSON text; null unless the outcome is SUCCESS. */
  result: string | null;
  error: StoredError | null;
  completed_at: Date;
  /**
   * Of a failure: equal for failures of the same kind. A hash of task type, error code, and message with numbers, ids,
   * hexadecimal and quoted text replaced.
   */
  fingerprint?: string;
  run_at?: Date;
}

/** How the task's webhook stands: the last attempt at it. */
export interface NotifiedSlot {
  offset: number;
  event_id: string;
  round: number;
  state: NotificationState;
  /** Attempts of the round so far. */
  attempts: number;
  last_error: string | null;
  attempted_at: Date;
  next_attempt_at: Date | null;
}

/** That the task was erased: all that is left of it. */
interface ErasedSlot {
  offset: number;
  event_id: string;
  /** When the task was accepted. */
  requested_at: Date;
  erased_at: Date;
  /** Name of the API key. */
  requested_by?: string;
  run_at?: Date;
}

/**
 * How far the projector has come in one partition of one topic, in the collection named by `checkpointsCollection`.
 * Written after the documents, so it is never ahead of them.
 */
export interface CheckpointDocument {
  /** `<topic>/<partition>`, with the topic's catalogue name. */
  _id: string;
  /** The next offset to read: everything below it is in the documents, was a dead letter, or has left the log. */
  next_offset: number;
  /**
   * Kafka's id of the topic that the offset belongs to: one that is deleted and created again has another. Not there
   * where it is not known.
   */
  topic_id?: string;
}

/**
 * One event of a task's life, in the collection named by `taskEventsCollection`. The projector writes it before the
 * checkpoint passes it. Of each topic a task's `maxTaskEventsPerTopic` events with the lowest offsets are there, of
 * `tasks.progressed` the newest alone; a few more may be there for a while.
 */
export interface TaskEventDocument {
  /** `<task id>/<topic>/<offset>`, with the topic's catalogue name: written again, it is the same document. Of progress, which has one document a task, `<task id>/<topic>`. */
  _id: string;
  task_id: number;
  topic: string;
  event: EventName;
  event_id: string;
  partition: number;
  offset: number;
  /** The event's own time. */
  at: Date;
  /** Retention counts from here: the later of `at` and, where the event has it, the task's `run_at`. */
  kept_from?: Date;
  /** Of the task; null where the event belongs to none. */
  attempt: number | null;
  /** What else the event says, for people: executor, outcome, error, fraction, state of the webhook. Payload and result are not repeated. */
  data: Record<string, unknown>;
}

/**
 * How far the projector is behind in one partition, in the collection named by `projectionLagCollection`. Written about
 * once a second while there is something to say.
 */
export interface ProjectionLagDocument {
  /** As the checkpoint's. */
  _id: string;
  /** Records that are in the log and not in the documents. */
  events: number;
  /** Age of the oldest of them, in seconds; 0 when there is none. */
  seconds: number;
  measured_at: Date;
}

/** How many events of each topic a task's history keeps: those with the lowest offsets. */
export const maxTaskEventsPerTopic = 100;

export const tasksCollection = 'tasks';
export const taskEventsCollection = 'task_events';
export const checkpointsCollection = 'checkpoints';

/** A search value as it is stored: `<name>=<value>`, for a name has no `=`. */
export function storedSearchValue({ name, value }: SearchValue): string {
  return `${name}=${value}`;
}

/** The search value that is stored as this text. */
export function searchValueOf(stored: string): SearchValue {
  const end = stored.indexOf('=');
  return { name: stored.slice(0, end), value: stored.slice(end + 1) };
}

/** The id of the checkpoint of a partition. */
export function checkpointId(topic: string, partition: number): string {
  return `${topic}/${partition}`;
}

/** An index of the read model. The projector makes them; the gateway's queries are tested to need no other. */
export interface ReadModelIndex {
  readonly key: Readonly<Record<string, 1 | -1>>;
  /** Only documents with this are in it. */
  readonly partialFilterExpression?: Readonly<Record<string, unknown>>;
}

const presentOnly = (field: string) => ({ partialFilterExpression: { [field]: { $exists: true } } });

/**
 * Of the documents of tasks, beside `_id`. A filter stands before the order of the list, so that a page reads what it
 * gives. The list has some of these filters; the rest is for those that the console will have.
 */
export const taskIndexes: readonly ReadModelIndex[] = [
  { key: { status: 1, _id: 1 } },
  { key: { type: 1, _id: 1 } },
  { key: { created_at: 1, _id: 1 } },
  // The newest of a status or a type, which may be few among many; open tasks since a time.
  { key: { status: 1, created_at: 1, _id: 1 } },
  { key: { type: 1, created_at: 1, _id: 1 } },
  { key: { 'completed.completed_at': 1, _id: 1 }, ...presentOnly('completed.completed_at') },
  { key: { 'started.executor': 1, _id: 1 }, ...presentOnly('started.executor') },
  { key: { 'completed.error.code': 1, _id: 1 }, ...presentOnly('completed.error.code') },
  { key: { 'completed.fingerprint': 1, 'completed.completed_at': 1, _id: 1 }, ...presentOnly('completed.fingerprint') },
  { key: { 'notified.state': 1, _id: 1 }, ...presentOnly('notified.state') },
  { key: { client: 1, _id: 1 }, ...presentOnly('client') },
  { key: { tags: 1, _id: 1 }, ...presentOnly('tags') },
  { key: { search: 1, _id: 1 }, ...presentOnly('search') },
  { key: { origin_id: 1, _id: 1 }, ...presentOnly('origin_id') },
  { key: { run_at: 1, _id: 1 }, ...presentOnly('run_at') },
];

/** Of the history: a task's events, and of one topic in the log's order. */
export const taskEventIndexes: readonly ReadModelIndex[] = [{ key: { task_id: 1, topic: 1, offset: 1 } }];

/** The time by which the database deletes what is past retention: tasks, and events of their history. */
export const retentionTimeField = 'kept_from';
