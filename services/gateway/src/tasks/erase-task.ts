import type { Position } from '@nask/kafka';
import { hasEnded } from '@nask/schemas';
import { TaskNotEndedError } from '../errors.ts';
import { createRequestBound } from '../http/request-bounds.ts';
import { correlationOf, traceparentParameter, type Correlation } from '../http/observe.ts';
import { emptyResponse, responses, type RouteHandler, type Operation } from '../http/route.ts';
import { setConsistencyToken, tokenHeader, type ReachPositions } from '../read-model/consistency.ts';
import type { FindTask } from '../read-model/find-task.ts';
import { newEventId, type WriteEvent } from '../write-side.ts';
import { taskIdOf, taskIdParameter } from './one-task.ts';
import { requestOf, type VisibleTaskDocument } from './task-view.rules.ts';

export const eraseTaskOperation: Operation = {
  operationId: 'eraseTask',
  summary: 'Erase a task that has ended',
  description: 'For good: from then on it is answered with 410. The events in Kafka stay until their retention ends.',
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
};

/** `DELETE /api/tasks/{id}` */
export function eraseTask(api: { operations: { erase: EraseTask }; readWaitMs: number }): RouteHandler {
  return async (ctx) => {
    const id = taskIdOf(ctx);
    const bounds: { end(): void }[] = [];
    const startBound = () => {
      const bound = createRequestBound(ctx.res, api.readWaitMs);
      bounds.push(bound);
      return bound.start();
    };
    try {
      const { outcome, position } = await api.operations.erase(id, correlationOf(ctx), startBound);
      setConsistencyToken(ctx, [position]);
      ctx.status = outcome === 'erased' ? 204 : 202;
    } finally {
      for (const bound of bounds) bound.end();
    }
  };
}

interface ErasedTask {
  /** `erased`: no reader finds it any more; `accepted`: the read model has not come that far yet. */
  outcome: 'erased' | 'accepted';
  /** Where the erasure was written. */
  position: Position;
}

/**
 * Erases a task that has ended. Once the event is acknowledged the task will be erased, for good.
 * @param startBound called whenever it has to wait for the read model
 * @throws TaskNotFoundError, TaskErasedError; TaskNotEndedError while it may still write events; UnavailableError
 */
type EraseTask = (id: number, correlation: Correlation, startBound: () => AbortSignal) => Promise<ErasedTask>;

export function createTaskEraser(ports: { find: FindTask; write: WriteEvent; reach: ReachPositions }): EraseTask {
  return async (id, correlation, startBound) => {
    const task = await ports.find(id, startBound);
    if (!hasEnded(task.status)) throw new TaskNotEndedError(`Task ${id} has not ended: its status is ${task.status}.`);
    const event = {
      event_id: newEventId(),
      task_id: id,
      requested_at: requestOf(task).requested_at.getTime(),
      run_at: latestRunAtMs(task),
      erased_at: Date.now(),
      requested_by: correlation.client,
    };
    const position = await ports.write('tasks.erased', event, correlation, {
      code: 'ERASURE_UNCONFIRMED',
      notWritten: 'The task is not erased.',
      notAcknowledged: `acknowledge the erasure of task ${id}`,
    });
    const outcome = await ports.reach([position], startBound()).then(
      () => 'erased' as const,
      () => 'accepted' as const,
    );
    return { outcome, position };
  };
}

/** Of two requests with the same task id too: the erasure has to be kept as long as either. */
function latestRunAtMs({ scheduled, requested }: VisibleTaskDocument): number | null {
  const times = [scheduled, requested].flatMap((request) => request?.run_at?.getTime() ?? []);
  return times.length === 0 ? null : Math.max(...times);
}
