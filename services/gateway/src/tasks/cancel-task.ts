import type { Position } from '@nask/kafka';
import { hasEnded } from '@nask/schemas';
import { TaskEndedError } from '../errors.ts';
import { correlationOf, traceparentParameter, type Correlation } from '../http/observe.ts';
import { jsonResponse, responses, type RouteHandler, type Operation } from '../http/route.ts';
import { schemaRef } from '../http/schema.rules.ts';
import { setConsistencyToken, tokenHeader } from '../read-model/consistency.ts';
import type { FindTask } from '../read-model/find-task.ts';
import { newEventId, type WriteEvent } from '../write-side.ts';
import { taskIdParameter, withTask } from './one-task.ts';
import { viewOf, type VisibleTaskDocument } from './task-view.rules.ts';

export const cancelTaskOperation: Operation = {
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
};

/** `POST /api/tasks/{id}/cancel` */
export function cancelTask(api: { operations: { cancel: CancelTask }; readWaitMs: number }): RouteHandler {
  return async (ctx) => {
    const { task, position } = await withTask(ctx, api, (id, startBound) =>
      api.operations.cancel(id, correlationOf(ctx), startBound),
    );
    setConsistencyToken(ctx, [position]);
    ctx.status = 202;
    ctx.body = viewOf(task);
  };
}

/**
 * Requests that a task be stopped. Whether it stops is decided in the log: an end that is written before the executor
 * has stopped it stays the outcome, also one that the read model does not show yet.
 * @param startBound called if it has to wait for the read model
 * @returns the task as it is, and where the request was written, once Kafka acknowledged it
 * @throws TaskNotFoundError when there is none; TaskEndedError when it is known to have ended; UnavailableError
 */
type CancelTask = (
  id: number,
  correlation: Correlation,
  startBound: () => AbortSignal,
) => Promise<{ task: VisibleTaskDocument; position: Position }>;

export function createTaskCanceller({ find, write }: { find: FindTask; write: WriteEvent }): CancelTask {
  return async (id, correlation, startBound) => {
    const task = await find(id, startBound);
    if (hasEnded(task.status)) throw new TaskEndedError(`Task ${id} has ended: its status is ${task.status}.`);
    const event = { event_id: newEventId(), task_id: id, requested_at: Date.now(), requested_by: correlation.client };
    const position = await write('tasks.cancellation-requested', event, correlation, {
      code: 'CANCELLATION_UNCONFIRMED',
      notWritten: 'The task is not cancelled.',
      notAcknowledged: `acknowledge the cancellation of task ${id}`,
    });
    return { task, position };
  };
}
