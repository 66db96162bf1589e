import {
  errorCodePattern,
  errorLimits,
  searchValueOf,
  taskResource,
  taskStatuses,
  type JSONSchemaObject,
  type NotificationFacts,
  type NotifiedSlot,
  type RequestSlot,
  type TaskDocument,
  type TaskResource,
  type TaskStatus,
} from '@nask/schemas';
import { schemaRef } from '../http/schema.rules.ts';
import type { NewTask } from './new-task.rules.ts';

/** A document whose request is there, in one of its two slots: only those are tasks to a client. */
export type VisibleTaskDocument = TaskDocument & { type: string; created_at: Date; status: TaskStatus };

export function isVisible(document: TaskDocument | undefined): document is VisibleTaskDocument {
  return document?.type !== undefined;
}

/** The request of a task. Where both slots are there, they have the same content. */
export function requestOf({ requested, scheduled }: VisibleTaskDocument): RequestSlot {
  return (requested ?? scheduled)!;
}

/** A task as clients see it, from its document. A result that was left out of the document is left out here. */
export function viewOf(document: VisibleTaskDocument): TaskResource {
  const { started, progressed, completed, notified } = document;
  const request = requestOf(document);
  return taskResource({
    id: document._id,
    type: request.type,
    status: document.status,
    notifyUrl: request.notify_url,
    payloadJson: request.payload,
    client: request.client,
    tags: request.tags,
    search: request.search?.map(searchValueOf),
    originId: request.origin_id,
    runAtMs: request.run_at?.getTime(),
    expiresAtMs: request.expires_at?.getTime(),
    priority: request.priority,
    includeResult: request.include_result,
    // What an earlier attempt had done is done no more.
    progress: progressed !== undefined && progressed.attempt === started?.attempt ? progressed.fraction : null,
    resultJson: completed?.result,
    error: completed?.error,
    createdAtMs: request.requested_at.getTime(),
    startedAtMs: started?.started_at.getTime(),
    completedAtMs: completed?.completed_at.getTime(),
    notification: notified === undefined ? null : notificationOf(notified),
  });
}

function notificationOf(notified: NotifiedSlot): NotificationFacts {
  return {
    state: notified.state,
    attempts: notified.attempts,
    lastError: notified.last_error,
    nextAttemptAtMs: notified.next_attempt_at?.getTime() ?? null,
  };
}

/** A task that has just been accepted, as the answer to its POST shows it: later reads show more. */
export function pendingTask(id: number, { type, notifyUrl, payloadJson }: NewTask): TaskResource {
  return taskResource({ id, type, status: 'PENDING', notifyUrl, payloadJson });
}

const time = (description: string) => ({ type: 'string', format: 'date-time', description });

/** Of fields that are in the contract, for a later version. */
const reserved = 'Reserved: absent in this version, in which no request sets it.';

/** The id of a task in JSON and in a path. */
export const taskIdSchema = { type: 'integer', minimum: 1, maximum: Number.MAX_SAFE_INTEGER } as const;

/** A task that has ended, as the document shows it. */
export const taskExample = {
  id: 1,
  type: 'prime',
  status: 'SUCCESS',
  payload: { input: 100 },
  result: 541,
  created_at: '2026-11-24T18:30:00.000Z',
  started_at: '2026-11-24T18:30:00.012Z',
  completed_at: '2026-11-24T18:30:00.013Z',
  notification: { state: 'NONE', attempts: 0 },
};

const taskSchema = {
  type: 'object',
  required: ['id', 'type', 'status', 'payload'],
  additionalProperties: false,
  properties: {
    id: taskIdSchema,
    type: { type: 'string', description: 'Name of the task type.' },
    status: {
      type: 'string',
      enum: taskStatuses,
      description:
        'PENDING waits, STARTED runs, RETRY waits after a failed attempt; it ends as SUCCESS, FAILURE or REVOKED (cancelled or, in a later version, expired before it began).',
    },
    notify_url: { type: 'string', description: 'Absent when the task was posted without one.' },
    payload: { description: 'As it was posted.' },
    client: { type: 'string', description: 'Name of the API key that it was posted with. Absent without API keys.' },
    tags: { type: 'array', maxItems: 10, items: { type: 'string' }, description: 'As posted. Absent without any.' },
    search: {
      type: 'object',
      maxProperties: 10,
      additionalProperties: { type: 'string' },
      description:
        'Values of the payload that the schema of its type declares as searchable (`x-search`), by the path of the property. Absent without any.',
    },
    origin_id: { ...taskIdSchema, description: `Id of the task that this one runs again. ${reserved}` },
    run_at: time(`Earliest time at which it is to run. ${reserved}`),
    expires_at: time(`It ends as REVOKED with the error code \`expired\` if it has not begun by then. ${reserved}`),
    priority: {
      type: 'integer',
      minimum: -9,
      maximum: 9,
      description: `Of the tasks of its type that wait in an executor, those with a higher one run first. ${reserved}`,
    },
    include_result: {
      type: 'boolean',
      const: false,
      description: 'The webhook does not carry the result. Absent: it does.',
    },
    progress: { type: 'number', minimum: 0, maximum: 1, description: 'How much is done, while it is STARTED.' },
    result: { description: 'After SUCCESS; lists leave it out.' },
    error: schemaRef('TaskError'),
    created_at: time('When it was accepted. Absent in the answer to its POST.'),
    started_at: time('When its latest attempt began.'),
    completed_at: time('When it ended.'),
    notification: schemaRef('TaskNotification'),
  },
  examples: [taskExample],
};

const notificationSchema = {
  type: 'object',
  description: 'How the webhook stands, after the end of the task.',
  required: ['state', 'attempts'],
  additionalProperties: false,
  properties: {
    state: {
      type: 'string',
      enum: ['NONE', 'PENDING', 'RETRYING', 'DELIVERED', 'FAILED'],
      description: 'NONE: the task has no notify_url. FAILED: given up.',
    },
    attempts: { type: 'integer', minimum: 0 },
    last_error: { type: 'string', description: 'Why the last attempt failed.' },
    next_attempt_at: time('While the state is RETRYING.'),
  },
};

/** The schemas of tasks as clients see them, by name. */
export const taskSchemas: Record<string, JSONSchemaObject> = {
  Task: taskSchema,
  TaskError: {
    type: 'object',
    description: 'After FAILURE, and after REVOKED with the code `expired`.',
    required: ['code', 'message'],
    additionalProperties: false,
    properties: {
      code: {
        type: 'string',
        pattern: errorCodePattern.source,
        description:
          'What kind of failure it was, for programs. `expired`, in a later version: the task had not begun by `expires_at`.',
        examples: ['unknown-task-type', 'ECONNREFUSED'],
      },
      message: { type: 'string', description: 'What happened, for people.' },
      causes: {
        type: 'array',
        minItems: 1,
        maxItems: errorLimits.causes,
        items: schemaRef('TaskErrorCause'),
        description: 'Chain of causes, the nearest first. Absent without any.',
      },
    },
  },
  TaskErrorCause: {
    type: 'object',
    required: ['name', 'message'],
    additionalProperties: false,
    properties: {
      name: { type: 'string', description: 'Class of the error, e.g. TypeError; empty where it has none.' },
      message: { type: 'string', description: 'What happened, for people.' },
    },
  },
  TaskNotification: notificationSchema,
  TaskList: {
    type: 'object',
    required: ['tasks'],
    additionalProperties: false,
    properties: {
      tasks: { type: 'array', maxItems: 1000, items: schemaRef('Task'), description: 'Without their results.' },
    },
  },
};
