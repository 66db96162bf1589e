import type { TaskType } from '@nask/schemas';
import { jsonResponse, responses, type RouteHandler, type Operation } from '../http/route.ts';
import { schemaRef } from '../http/schema.rules.ts';

export const listTaskTypesOperation: Operation = {
  operationId: 'listTaskTypes',
  summary: 'List the task types',
  tags: ['tasks'],
  responses: responses({ 200: jsonResponse('All of them, with their schemas.', schemaRef('TaskTypeList')) }),
  schemas: {
    TaskTypeList: {
      type: 'object',
      required: ['task_types'],
      additionalProperties: false,
      properties: { task_types: { type: 'array', items: schemaRef('TaskType') } },
    },
    TaskType: {
      type: 'object',
      required: ['name', 'payload_schema'],
      additionalProperties: false,
      properties: {
        name: { type: 'string', description: 'What `type` of a task may be.' },
        payload_schema: { type: 'object', description: 'JSON Schema (draft 2020-12) that its `payload` has to meet.' },
      },
    },
  },
};

/** `GET /api/task-types`: what can be asked for, each with the JSON Schema of its payload. */
export function listTaskTypes({ taskTypes }: { taskTypes: ReadonlyMap<string, TaskType> }): RouteHandler {
  const body = {
    task_types: [...taskTypes.values()].map(({ name, payloadSchema }) => ({ name, payload_schema: payloadSchema })),
  };
  return (ctx) => {
    ctx.body = body;
  };
}
