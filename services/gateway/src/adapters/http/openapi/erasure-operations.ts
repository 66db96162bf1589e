import type { ApiOperation } from './api-operation.ts';
import { emptyResponse, responses } from './responses.ts';
import { taskIdParameter, traceparentParameter } from './task-operations.ts';

/** The operation of the route that erases tasks. */
export const erasureOperations: readonly ApiOperation[] = [
  {
    method: 'delete',
    path: '/api/tasks/{id}',
    operation: {
      operationId: 'eraseTask',
      summary: 'Erase a task',
      description:
        'For tasks that have ended. Payload, result and history leave the read model for good; its events in Kafka stay until their retention ends.',
      tags: ['tasks'],
      parameters: [taskIdParameter, traceparentParameter],
      responses: responses(
        {
          202: emptyResponse('It was accepted: the task will be erased, and was not yet within the bound of a read.'),
          204: emptyResponse('The task is erased.'),
        },
        [
          'task-not-found',
          'task-not-ended',
          'task-erased',
          'erasure-unconfirmed',
          'read-model-unavailable',
          'read-model-behind',
        ],
      ),
    },
  },
];
