import { redeliverySelectionSchema } from './redelivery-selection.ts';
import { schemaRef, type ApiOperation } from '../http/api-operation.ts';
import { bodyProblems, jsonResponse, responses } from '../http/responses.ts';
import { taskIdParameter } from '../tasks/task-operations.ts';

/** The schemas of webhooks that are sent again. */
export const notificationSchemas = {
  RedeliverySelection: redeliverySelectionSchema,
  RedeliveryRequested: {
    type: 'object',
    required: ['requested'],
    additionalProperties: false,
    properties: {
      requested: { type: 'integer', minimum: 0, description: 'How many outcomes will be sent again.' },
      cursor: { type: 'string', description: 'Where to go on. Present when there may be more.' },
    },
  },
};

/** The operations of the routes of webhooks. */
export const notificationOperations: readonly ApiOperation[] = [
  {
    method: 'post',
    path: '/api/tasks/{id}/notifications',
    scope: 'write',
    operation: {
      operationId: 'redeliverOutcome',
      summary: 'Send the outcome of a task again',
      tags: ['webhooks'],
      parameters: [taskIdParameter],
      responses: responses(
        {
          202: jsonResponse('It will be sent again.', schemaRef('RedeliveryRequested'), {
            headers: { Location: { $ref: '#/components/headers/Location' } },
          }),
        },
        [
          'task-not-found',
          'task-erased',
          'task-not-ended',
          'no-notify-url',
          'redelivery-uncertain',
          'read-model-unavailable',
          'read-model-behind',
        ],
      ),
    },
  },
  {
    method: 'post',
    path: '/api/notifications/redeliver',
    scope: 'admin',
    operation: {
      operationId: 'redeliverFailedOutcomes',
      summary: 'Send again what was given up',
      description: 'The outcomes of tasks that ended in a span of time and whose webhook was given up.',
      tags: ['webhooks'],
      requestBody: {
        required: true,
        content: {
          'application/json': {
            schema: schemaRef('RedeliverySelection'),
            examples: {
              'one day': { value: { from: '2026-11-24T00:00:00Z', to: '2026-11-25T00:00:00Z', state: 'FAILED' } },
            },
          },
        },
      },
      responses: responses({ 202: jsonResponse('They will be sent again.', schemaRef('RedeliveryRequested')) }, [
        ...bodyProblems,
        'redelivery-uncertain',
        'read-model-unavailable',
      ]),
    },
  },
];
