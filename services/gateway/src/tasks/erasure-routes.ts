import Router from '@koa/router';
import type { Correlation } from '../http/correlation.ts';
import type { ErasedTask } from './erase-task.ts';
import { TaskNotFoundError } from '../errors.ts';
import { parseTaskId } from './task-id.ts';
import { setConsistencyToken } from '../read-model/consistent-read.ts';
import { correlationOf } from '../http/correlation-of.ts';
import { createRequestBound } from '../http/request-bound.ts';

/** What the route does, apart from HTTP. */
export interface ErasureOperations {
  /**
   * Erases a task that has ended, for good; `startBound` is called whenever it has to wait for the read model.
   * @throws TaskNotFoundError, TaskErasedError, TaskNotEndedError
   */
  erase(id: number, correlation: Correlation, startBound: () => AbortSignal): Promise<ErasedTask>;
}

/** Tasks that are erased on request. */
export function createErasureRoutes(operations: ErasureOperations, limits: { readWaitMs: number }) {
  const router = new Router();

  router.delete('/api/tasks/:id', async (ctx) => {
    const id = parseTaskId(ctx.params['id'] ?? '');
    if (id === undefined) throw new TaskNotFoundError('There is no such task: ids of tasks are positive integers.');
    const bounds: { end(): void }[] = [];
    const startBound = () => {
      const bound = createRequestBound(ctx.res, limits.readWaitMs);
      bounds.push(bound);
      return bound.start();
    };
    try {
      const { outcome, position } = await operations.erase(id, correlationOf(ctx), startBound);
      setConsistencyToken(ctx, [position]);
      ctx.status = outcome === 'erased' ? 204 : 202;
    } finally {
      for (const bound of bounds) bound.end();
    }
  });

  return router;
}
