import { schemaRef, type ApiOperation } from '../http/api-operation.ts';
import { jsonResponse, responses } from '../http/responses.ts';

/** The schemas of task types. */
export const taskTypeSchemas = {
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
};

/** The operation of the route of task types. */
export const taskTypeOperations: readonly ApiOperation[] = [
  {
    method: 'get',
    path: '/api/task-types',
    scope: 'read',
    operation: {
      operationId: 'listTaskTypes',
      summary: 'List the task types',
      tags: ['tasks'],
      responses: responses({ 200: jsonResponse('All of them, with their schemas.', schemaRef('TaskTypeList')) }),
    },
  },
];
