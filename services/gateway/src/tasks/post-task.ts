import Router from '@koa/router';
import { hasEnded } from '@nask/schemas';
import type { AcceptTask } from './accept-task.ts';
import { awaitTask, type AwaitTaskPorts } from '../read-model/await-task.ts';
import type { CancelledTask } from './cancel-task.ts';
import type { Correlation } from '../http/correlation.ts';
import { parseJsonText } from '../http/json-text.ts';
import type { NewTask } from './new-task.rules.ts';
import { viewOf } from './task-view.rules.ts';
import { assertJson } from '../http/assert-json.ts';
import { setConsistencyToken } from '../read-model/consistent-read.ts';
import { correlationOf } from '../http/correlation-of.ts';
import { idempotencyKeyOf } from '../idempotency/idempotency-key-of.ts';
import { withTask } from './one-task.ts';
import { pendingTask } from './pending-task.ts';
import { readBodyText, type BodyLimits } from '../http/read-body.ts';
import { preferredWait, type WaitLimits } from '../read-model/preferred-wait.ts';
import { answerTask } from './task-answer.ts';

/** What the routes do, apart from HTTP. */
export interface TaskOperations {
  /** The task of a parsed body. @throws InvalidRequestError */
  validate(body: unknown): NewTask;
  accept: AcceptTask;
  /**
   * Asks that a task be stopped: resolves with the task as it is, once Kafka acknowledged the event. `startBound` is
   * called if it has to wait for the read model.
   * @throws TaskNotFoundError, TaskEndedError
   */
  cancel(id: number, correlation: Correlation, startBound: () => AbortSignal): Promise<CancelledTask>;
  awaiting: AwaitTaskPorts;
}

/** Tasks as they are posted and cancelled. */
export function createTaskRoutes(operations: TaskOperations, limits: BodyLimits & WaitLimits & { readWaitMs: number }) {
  const router = new Router();

  router.post('/api/tasks', async (ctx) => {
    assertJson(ctx);
    const task = operations.validate(parseJsonText(await readBodyText(ctx.req, limits)));
    const { id, position } = await operations.accept(task, correlationOf(ctx), idempotencyKeyOf(ctx)());
    setConsistencyToken(ctx, position === undefined ? [] : [position]);
    ctx.set('Location', `/api/tasks/${id}`);
    // Whatever becomes of the wait: the task is accepted.
    const awaited = await preferredWait(ctx, limits, (signal) => awaitTask(operations.awaiting, id, undefined, signal));
    if (awaited?.document !== undefined && hasEnded(awaited.document.status)) {
      ctx.set('Content-Location', `/api/tasks/${id}`);
      answerTask(ctx, awaited.document);
      return;
    }
    ctx.status = 202;
    ctx.body = pendingTask(id, task);
  });

  router.post('/api/tasks/:id/cancel', async (ctx) => {
    const { task, position } = await withTask(ctx, limits.readWaitMs, (id, startBound) =>
      operations.cancel(id, correlationOf(ctx), startBound),
    );
    setConsistencyToken(ctx, [position]);
    ctx.status = 202;
    ctx.body = viewOf(task);
  });

  return router;
}
