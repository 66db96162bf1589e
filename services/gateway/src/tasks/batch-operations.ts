import type { JSONSchemaObject } from '@nask/schemas';
import { batchSchema, maxBatchTasks } from './task-batch.ts';
import { schemaRef, type ApiOperation } from '../http/api-operation.ts';
import { bodyProblems, jsonResponse, responses } from '../http/responses.ts';
import { idempotencyKeyParameter, traceparentParameter, tokenHeader } from './task-operations.ts';

/** The schemas of batches. What is no task does not spoil the others, so anything may stand in a batch. */
export const batchSchemas: Record<string, JSONSchemaObject> = {
  TaskBatch: batchSchema({
    anyOf: [schemaRef('NewTask'), { description: 'Anything else is answered 422 in its place.' }],
  }),
  TaskBatchResults: {
    type: 'object',
    required: ['results'],
    additionalProperties: false,
    properties: {
      results: { type: 'array', maxItems: maxBatchTasks, items: schemaRef('TaskBatchResult') },
    },
  },
  TaskBatchResult: {
    type: 'object',
    description: 'What a POST of this task alone would have been answered.',
    required: ['status'],
    additionalProperties: false,
    properties: {
      status: { type: 'integer', description: '202 when it was accepted.' },
      task: schemaRef('Task'),
      problem: schemaRef('Problem'),
    },
    oneOf: [{ required: ['task'] }, { required: ['problem'] }],
  },
};

/** The operation of the route of batches. */
export const batchOperations: readonly ApiOperation[] = [
  {
    method: 'post',
    path: '/api/tasks/batch',
    scope: 'write',
    operation: {
      operationId: 'createTasks',
      summary: 'Post many tasks',
      description: `Up to ${maxBatchTasks} tasks, each answered for itself, in their order: one that is refused does not keep the others from being accepted. An Idempotency-Key counts for each task in its place.`,
      tags: ['tasks'],
      parameters: [idempotencyKeyParameter, traceparentParameter],
      requestBody: {
        required: true,
        content: {
          'application/json': {
            schema: schemaRef('TaskBatch'),
            examples: {
              'two tasks': {
                value: {
                  tasks: [
                    { type: 'prime', payload: { input: 100 } },
                    { type: 'fibonacci', payload: { input: 101 } },
                  ],
                },
              },
            },
          },
        },
      },
      responses: responses(
        { 200: jsonResponse('What became of each of them.', schemaRef('TaskBatchResults'), { headers: tokenHeader }) },
        bodyProblems,
      ),
    },
  },
];
