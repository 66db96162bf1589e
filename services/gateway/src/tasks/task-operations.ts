import { idempotencyKeyPattern } from '../idempotency/idempotency-key.ts';
import { schemaRef, type ApiOperation, type ParameterObject } from '../http/api-operation.ts';
import { preferParameter } from './read-parameters.ts';
import { bodyProblems, idempotencyProblems, jsonResponse, responses } from '../http/responses.ts';
import { taskIdSchema } from './task-schemas.ts';

/** The parameter `{id}` of the paths of one task. */
export const taskIdParameter: ParameterObject = {
  name: 'id',
  in: 'path',
  required: true,
  description: 'Id of the task. What is no positive integer is the id of no task: 404.',
  schema: { ...taskIdSchema, examples: [1] },
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
  schema: { type: 'string', pattern: idempotencyKeyPattern, examples: ['"8e03978e-40d5-43dd-bc93-6894a57f9324"'] },
};

/** The answer to a write has it. */
export const tokenHeader = { 'Consistency-Token': { $ref: '#/components/headers/Consistency-Token' } };

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
        'The 202 is sent after Kafka acknowledged the task with acks=all: it will be run. With `Prefer: wait=N` the answer is 200 with the ended task, if it ends in time. A 503 `outcome-unknown` names the id that the task has if it was accepted.',
      tags: ['tasks'],
      parameters: [preferParameter, idempotencyKeyParameter, traceparentParameter],
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
          200: jsonResponse('The task was accepted, and has ended: the client preferred to wait.', schemaRef('Task'), {
            headers: {
              Location: { $ref: '#/components/headers/Location' },
              'Preference-Applied': { $ref: '#/components/headers/Preference-Applied' },
              ...tokenHeader,
            },
          }),
          202: jsonResponse('The task was accepted.', schemaRef('Task'), {
            headers: {
              Location: { $ref: '#/components/headers/Location' },
              'Preference-Applied': { $ref: '#/components/headers/Preference-Applied' },
              ...tokenHeader,
            },
            links: linksToTask,
            example: primeTask,
          }),
        },
        [...bodyProblems, ...idempotencyProblems, 'not-accepted', 'outcome-unknown'],
      ),
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
      responses: responses(
        { 202: jsonResponse('It was asked for. The task as it is.', schemaRef('Task'), { headers: tokenHeader }) },
        [
          'task-not-found',
          'task-erased',
          'task-ended',
          'cancellation-unconfirmed',
          'read-model-unavailable',
          'read-model-behind',
        ],
      ),
    },
  },
];
