import type { ApiOperation } from '../http/api-operation.ts';
import { emptyResponse, responses } from '../http/responses.ts';
import { taskIdParameter, tokenHeader, traceparentParameter } from './task-operations.ts';

/** The operations of the routes that erase. */
export const erasureOperations: readonly ApiOperation[] = [
  {
    method: 'delete',
    path: '/api/tasks/{id}',
    scope: 'admin',
    operation: {
      operationId: 'eraseTask',
      summary: 'Erase a task that has ended',
      description:
        'For good: from then on it is answered with 410. The events in Kafka stay until their retention ends.',
      tags: ['tasks'],
      parameters: [taskIdParameter, traceparentParameter],
      responses: responses(
        {
          202: emptyResponse('It will be erased; the read model did not come that far in time.', tokenHeader),
          204: emptyResponse('It is erased.', tokenHeader),
        },
        [
          'task-not-found',
          'task-erased',
          'task-not-ended',
          'erasure-unconfirmed',
          'read-model-unavailable',
          'read-model-behind',
        ],
      ),
    },
  },
];
