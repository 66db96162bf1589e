import { taskStatuses, type JSONSchemaObject, type TaskType } from '@nask/schemas';
import { newTaskSchema } from './new-task.rules.ts';
import { schemaRef } from '../http/api-operation.ts';

const time = (description: string) => ({ type: 'string', format: 'date-time', description });

/** The id of a task in JSON and in a path. */
export const taskIdSchema = { type: 'integer', minimum: 1, maximum: Number.MAX_SAFE_INTEGER } as const;

/** The schemas of tasks, by name. Those of new tasks are what bodies are checked with. */
export function taskSchemas(taskTypes: ReadonlyMap<string, TaskType>): Record<string, JSONSchemaObject> {
  return {
    Task: taskSchema,
    TaskError: {
      type: 'object',
      required: ['code', 'message'],
      additionalProperties: false,
      properties: {
        code: { type: 'string', description: 'What kind of failure it was, for programs.' },
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
    ...newTaskSchemas(taskTypes),
  };
}

/** `NewTask` is one of the schemas `New…Task`, chosen by `type`; each has its payload in a schema of its own. */
function newTaskSchemas(taskTypes: ReadonlyMap<string, TaskType>): Record<string, JSONSchemaObject> {
  const types = [...taskTypes.values()].map((type) => ({ type, name: pascalCase(type.name) }));
  const mapping = types.map(({ type, name }) => [type.name, schemaRef(`New${name}Task`)['$ref']] as const);
  return {
    NewTask: {
      oneOf: mapping.map(([, $ref]) => ({ $ref })),
      discriminator: { propertyName: 'type', mapping: Object.fromEntries(mapping) },
    },
    ...Object.fromEntries(
      types.flatMap(({ type, name }) => [
        [`New${name}Task`, newTaskSchema([type.name], schemaRef(`${name}Payload`))],
        [`${name}Payload`, type.payloadSchema],
      ]),
    ),
  };
}

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
        'PENDING waits, STARTED runs, RETRY waits after a failed attempt; it ends as SUCCESS, FAILURE or REVOKED (cancelled).',
    },
    notify_url: { type: 'string', description: 'Absent when the task was posted without one.' },
    payload: { description: 'As it was posted.' },
    progress: { type: 'number', minimum: 0, maximum: 1, description: 'How much is done, while it is STARTED.' },
    result: { description: 'After SUCCESS; lists leave it out.' },
    error: schemaRef('TaskError'),
    created_at: time('When it was accepted. This and the other times are there after the end.'),
    started_at: time('When its last attempt began.'),
    completed_at: time('When it ended.'),
    notification: schemaRef('TaskNotification'),
  },
  examples: [
    {
      id: 1,
      type: 'prime',
      status: 'SUCCESS',
      payload: { input: 100 },
      result: 541,
      created_at: '2026-11-24T18:30:00.000Z',
      started_at: '2026-11-24T18:30:00.012Z',
      completed_at: '2026-11-24T18:30:00.013Z',
      notification: { state: 'NONE', attempts: 0 },
    },
  ],
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

/** `resize-image` -> `ResizeImage`. */
function pascalCase(name: string): string {
  return name.replaceAll(/(^|[^A-Za-z0-9]+)([A-Za-z0-9])/g, (_match, _between, first: string) => first.toUpperCase());
}
