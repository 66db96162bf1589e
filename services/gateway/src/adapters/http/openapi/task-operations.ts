import { idempotencyKeyPattern } from '../../../domain/idempotency-key.ts';
import { maxPageSize } from '../../../domain/page.ts';
import { schemaRef, type ApiOperation, type ParameterObject } from './api-operation.ts';
import { bodyProblems, idempotencyProblems, jsonResponse, responses } from './responses.ts';
import { taskIdSchema } from './task-schemas.ts';

/** The parameter `{id}` of the paths of one task. */
export const taskIdParameter: ParameterObject = {
  name: 'id',
  in: 'path',
  required: true,
  description: 'Id of the task. What is no positive integer is the id of no task: 404.',
  schema: taskIdSchema,
  example: 1,
};

export const traceparentParameter: ParameterObject = {
  name: 'traceparent',
  in: 'header',
  description: 'W3C Trace Context: goes into the event. One that is not valid is ignored.',
  schema: { type: 'string' },
};

export const idempotencyKeyParameter: ParameterObject = {
  name: 'Idempotency-Key',
  in: 'header',
  description:
    'Makes the request safe to repeat: for 24 hours the same key with the same body is the same task, also through another gateway, after a restart, or after a 503. In quotes or without.',
  schema: { type: 'string', pattern: idempotencyKeyPattern },
  example: '"8e03978e-40d5-43dd-bc93-6894a57f9324"',
};

const primeTask = { id: 1, type: 'prime', status: 'PENDING', payload: { input: 100 } };

/** Links to what can be asked of the task in an answer. */
const linksToTask = Object.fromEntries(
  ['getTask', 'cancelTask'].map((operationId) => [
    operationId,
    { operationId, parameters: { id: '$response.body#/id' } },
  ]),
);

/** The operations of the routes of tasks. */
export const taskOperations: readonly ApiOperation[] = [
  {
    method: 'post',
    path: '/api/tasks',
    scope: 'write',
    operation: {
      operationId: 'createTask',
      summary: 'Post a task',
      description:
        'The 202 is sent after Kafka acknowledged the task with acks=all: it will be run. A 503 `outcome-unknown` names the id that the task has if it was accepted.',
      tags: ['tasks'],
      parameters: [idempotencyKeyParameter, traceparentParameter],
      requestBody: {
        required: true,
        content: {
          'application/json': {
            schema: schemaRef('NewTask'),
            examples: {
              prime: { value: { type: 'prime', payload: { input: 100 } } },
              'sleep, with a webhook': {
                value: { type: 'sleep', notify_url: 'https://example.com/done', payload: { input: 0.5 } },
              },
            },
          },
        },
      },
      responses: responses(
        {
          202: jsonResponse('The task was accepted.', schemaRef('Task'), {
            headers: { Location: { $ref: '#/components/headers/Location' } },
            links: linksToTask,
            example: primeTask,
          }),
        },
        [...bodyProblems, ...idempotencyProblems, 'not-accepted', 'outcome-unknown'],
      ),
    },
  },
  {
    method: 'get',
    path: '/api/tasks',
    scope: 'read',
    operation: {
      operationId: 'listTasks',
      summary: 'List tasks',
      description: 'Ascending by id, without results. The Link header leads to the next page.',
      tags: ['tasks'],
      parameters: [
        {
          name: 'limit',
          in: 'query',
          description: 'How many tasks at most.',
          schema: { type: 'integer', minimum: 1, maximum: maxPageSize, default: maxPageSize },
        },
        {
          name: 'cursor',
          in: 'query',
          description: 'Where to go on: from the Link header of the page before. Opaque.',
          schema: { type: 'string', maxLength: 64 },
        },
      ],
      responses: responses(
        {
          200: jsonResponse('A page of tasks.', schemaRef('TaskList'), {
            headers: { Link: { $ref: '#/components/headers/Link' } },
          }),
        },
        ['validation', 'read-model-unavailable'],
      ),
    },
  },
  {
    method: 'get',
    path: '/api/tasks/{id}',
    scope: 'read',
    operation: {
      operationId: 'getTask',
      summary: 'Read a task',
      description: 'Finds every task that was accepted before the request: 404 means that it does not exist.',
      tags: ['tasks'],
      parameters: [taskIdParameter],
      responses: responses({ 200: jsonResponse('The task.', schemaRef('Task')) }, [
        'task-not-found',
        'task-erased',
        'read-model-unavailable',
        'read-model-behind',
      ]),
    },
  },
  {
    method: 'post',
    path: '/api/tasks/{id}/cancel',
    scope: 'write',
    operation: {
      operationId: 'cancelTask',
      summary: 'Cancel a task',
      description: 'Asks that the task be stopped: it ends as REVOKED, unless it ends before it could be stopped.',
      tags: ['tasks'],
      parameters: [taskIdParameter, traceparentParameter],
      responses: responses({ 202: jsonResponse('It was asked for. The task as it is.', schemaRef('Task')) }, [
        'task-not-found',
        'task-erased',
        'task-ended',
        'cancellation-unconfirmed',
        'read-model-unavailable',
        'read-model-behind',
      ]),
    },
  },
];
