import type { NotificationState, SearchValue } from './generated/events.ts';
import { storedError, type StoredError, type TaskStatus } from './read-model.ts';

/** A task as clients see it: the body of the API's answers and of the webhook. Times are RFC 3339 in UTC with ms. */
export interface TaskResource {
  id: number;
  type: string;
  status: TaskStatus;
  /** Absent when the task was posted without one. */
  notify_url?: string;
  payload: unknown;
  /** This and the following fields of the request: present where they have a value, in the API's answers alone. */
  client?: string;
  tags?: string[];
  /** Values of the payload that the task can be found by: name -> value. */
  search?: Record<string, string>;
  origin_id?: number;
  run_at?: string;
  expires_at?: string;
  /** Not 0. */
  priority?: number;
  /** The webhook does not carry the result. */
  include_result?: false;
  /** How much is done, 0 to 1. Present while it is STARTED and has told so, which only long tasks do. */
  progress?: number;
  /** Present after SUCCESS. */
  result?: unknown;
  /** Present after FAILURE, and after REVOKED when the task expired. */
  error?: StoredError;
  created_at?: string;
  /** When the latest attempt began. */
  started_at?: string;
  /** Present after the end. */
  completed_at?: string;
  /** How the webhook stands. Present after the end, in the API's answers alone: a webhook does not tell of itself. */
  notification?: NotificationResource;
}

interface NotificationResource {
  /** NONE: the task has no notify_url. PENDING: no attempt was made yet. */
  state: 'NONE' | 'PENDING' | NotificationState;
  /** Attempts so far; of the last redelivery, when one was asked for. */
  attempts: number;
  /** Why the last attempt failed. Absent when there was none, or it did not. */
  last_error?: string;
  /** Present while state is RETRYING. */
  next_attempt_at?: string;
}

/** What a resource is made of, whoever tells it (the read model, or an event); JSON text and milliseconds since 1970. */
export interface TaskFacts {
  id: number;
  type: string;
  status: TaskStatus;
  notifyUrl: string | null;
  payloadJson: string;
  client?: string | null;
  tags?: readonly string[];
  search?: readonly SearchValue[];
  originId?: number | null;
  runAtMs?: number | null;
  expiresAtMs?: number | null;
  priority?: number;
  includeResult?: boolean;
  /** How much of the latest attempt is done, 0 to 1. */
  progress?: number | null;
  resultJson?: string | null;
  error?: StoredError | null;
  createdAtMs?: number | null;
  startedAtMs?: number | null;
  completedAtMs?: number | null;
  /** How the webhook stands: null when no attempt is known of; left out where the resource is not to tell. */
  notification?: NotificationFacts | null;
}

export interface NotificationFacts {
  state: NotificationState;
  attempts: number;
  lastError: string | null;
  nextAttemptAtMs: number | null;
}

/** Every status there is, in the order of a task's life. */
export const taskStatuses = [
  'PENDING',
  'STARTED',
  'RETRY',
  'SUCCESS',
  'FAILURE',
  'REVOKED',
] as const satisfies readonly TaskStatus[];

const endedStatuses: ReadonlySet<TaskStatus> = new Set(['SUCCESS', 'FAILURE', 'REVOKED']);

/** Whether a task with this status has ended, for good. */
export function hasEnded(status: TaskStatus): boolean {
  return endedStatuses.has(status);
}

/**
 * The resource, with its fields in the contract's order and those without a value left out. Result, error and the time
 * of the end are there only after the end, progress only before it.
 * @throws SyntaxError when a payload or result is not JSON
 */
export function taskResource(facts: TaskFacts): TaskResource {
  const resource: TaskResource = {
    id: facts.id,
    type: facts.type,
    status: facts.status,
    ...(facts.notifyUrl === null ? {} : { notify_url: facts.notifyUrl }),
    payload: JSON.parse(facts.payloadJson),
  };
  addRequested(resource, facts);
  const isEnded = hasEnded(facts.status);
  if (facts.status === 'STARTED' && facts.progress != null) resource.progress = facts.progress;
  if (isEnded && facts.resultJson != null) resource.result = JSON.parse(facts.resultJson);
  if (isEnded && facts.error != null) resource.error = storedError(facts.error);
  if (facts.createdAtMs != null) resource.created_at = timeOf(facts.createdAtMs);
  if (facts.startedAtMs != null) resource.started_at = timeOf(facts.startedAtMs);
  if (!isEnded) return resource;
  if (facts.completedAtMs != null) resource.completed_at = timeOf(facts.completedAtMs);
  if (facts.notification !== undefined) resource.notification = notificationOf(facts.notification, facts.notifyUrl);
  return resource;
}

/** Adds the optional fields of the request that have a value. */
function addRequested(resource: TaskResource, facts: TaskFacts): void {
  if (facts.client != null) resource.client = facts.client;
  if (facts.tags !== undefined && facts.tags.length > 0) resource.tags = [...facts.tags];
  if (facts.search !== undefined && facts.search.length > 0)
    resource.search = Object.fromEntries(facts.search.map(({ name, value }) => [name, value]));
  if (facts.originId != null) resource.origin_id = facts.originId;
  if (facts.runAtMs != null) resource.run_at = timeOf(facts.runAtMs);
  if (facts.expiresAtMs != null) resource.expires_at = timeOf(facts.expiresAtMs);
  if (facts.priority !== undefined && facts.priority !== 0) resource.priority = facts.priority;
  if (facts.includeResult === false) resource.include_result = false;
}

function timeOf(ms: number): string {
  return new Date(ms).toISOString();
}

function notificationOf(facts: NotificationFacts | null, notifyUrl: string | null): NotificationResource {
  if (facts === null) return { state: notifyUrl === null ? 'NONE' : 'PENDING', attempts: 0 };
  const resource: NotificationResource = { state: facts.state, attempts: facts.attempts };
  if (facts.lastError !== null) resource.last_error = facts.lastError;
  if (facts.nextAttemptAtMs !== null) resource.next_attempt_at = timeOf(facts.nextAttemptAtMs);
  return resource;
}
