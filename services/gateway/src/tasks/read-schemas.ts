import { taskStatuses, type JSONSchemaObject } from '@nask/schemas';
import { schemaRef } from '../http/api-operation.ts';

const count = { type: 'integer', minimum: 0 };
const figure = { type: 'number', minimum: 0 };

/** The schemas of what is read beside the tasks themselves. */
export const readSchemas: Record<string, JSONSchemaObject> = {
  TaskEvent: {
    type: 'object',
    required: ['event', 'event_id', 'time', 'topic', 'partition', 'offset', 'data'],
    additionalProperties: false,
    properties: {
      event: { type: 'string', description: 'Its kind: TaskRequested, TaskStarted, TaskCompleted …' },
      event_id: { type: 'string', description: 'The same for a repeat.' },
      time: { type: 'string', format: 'date-time', description: 'By the clock of whoever wrote it.' },
      attempt: { type: 'integer', minimum: 0, description: 'Of the task. Absent where the event belongs to none.' },
      topic: { type: 'string', description: 'Where it is in the log: the topic,' },
      partition: { ...count, description: 'the partition' },
      offset: { ...count, description: 'and the offset.' },
      data: { type: 'object', description: 'What else it says: executor, outcome, error, fraction …' },
    },
  },
  TaskEventList: {
    type: 'object',
    required: ['events'],
    additionalProperties: false,
    properties: { events: { type: 'array', items: schemaRef('TaskEvent'), description: 'Oldest first.' } },
  },
  StatusCounts: {
    type: 'object',
    required: taskStatuses,
    additionalProperties: false,
    properties: Object.fromEntries(taskStatuses.map((status) => [status, count])),
  },
  Stats: {
    type: 'object',
    required: ['as_of', 'tasks', 'throughput', 'projection_lag'],
    additionalProperties: false,
    properties: {
      as_of: { type: 'string', format: 'date-time', description: 'When the figures were taken.' },
      tasks: {
        type: 'object',
        required: ['total', 'by_status', 'by_type'],
        additionalProperties: false,
        properties: {
          total: count,
          by_status: schemaRef('StatusCounts'),
          by_type: { type: 'object', additionalProperties: schemaRef('StatusCounts') },
        },
      },
      throughput: {
        type: 'object',
        description: 'Averages over the last `window_seconds`.',
        required: ['window_seconds', 'accepted_per_second', 'ended_per_second'],
        additionalProperties: false,
        properties: { window_seconds: figure, accepted_per_second: figure, ended_per_second: figure },
      },
      projection_lag: {
        type: 'object',
        description: 'How far the read model is behind the log.',
        required: ['seconds', 'events', 'measured_at'],
        additionalProperties: false,
        properties: {
          seconds: { ...figure, description: 'Age of the oldest event that is not in it yet.' },
          events: { ...count, description: 'How many are not.' },
          measured_at: {
            type: ['string', 'null'],
            format: 'date-time',
            description: 'When a projector said so last: at least every 10 s while one is at work. Null: never.',
          },
        },
      },
    },
  },
};
