import Router from '@koa/router';
import type { Logger } from '@nask/kafka';
import type { TaskResource } from '@nask/schemas';
import type { LogPosition } from '../read-model/consistency-token.ts';
import type { Correlation } from '../http/correlation.ts';
import { parseJsonText } from '../http/json-text.ts';
import { errorInBatch, tasksOfBatch } from './task-batch.ts';
import { loggedProblemOf } from '../http/answer-errors.ts';
import { assertJson } from '../http/assert-json.ts';
import { setConsistencyToken } from '../read-model/consistent-read.ts';
import type { ClientAccess } from '../access/client-access.ts';
import { correlationOf } from '../http/correlation-of.ts';
import { idempotencyKeyOf } from '../idempotency/idempotency-key-of.ts';
import { inFlightLimit } from '../http/in-flight-limit.ts';
import { pendingTask } from './pending-task.ts';
import type { ProblemBody } from '../http/problem.ts';
import { readBodyText, type BodyLimits } from '../http/read-body.ts';
import type { TaskOperations } from './post-task.ts';

/** What became of one task of a batch: what a POST of it alone would have been answered. */
type BatchResult = { status: 202; task: TaskResource } | { status: number; problem: ProblemBody };

/** How many batches are served at once: each may have a megabyte of body and as much on its way to Kafka. */
const maxBatchesInFlight = 16;

/** Many tasks in one request. */
export function createBatchRoutes(
  operations: Pick<TaskOperations, 'validate' | 'accept'>,
  options: { bodyTimeoutMs: number; maxBatchBodyBytes: number; access: ClientAccess; logger: Logger },
): Router {
  const limits: BodyLimits = { maxBodyBytes: options.maxBatchBodyBytes, bodyTimeoutMs: options.bodyTimeoutMs };
  const router = new Router();

  router.post('/api/tasks/batch', inFlightLimit(maxBatchesInFlight), async (ctx) => {
    assertJson(ctx);
    const tasks = tasksOfBatch(parseJsonText(await readBodyText(ctx.req, limits)));
    options.access.charge(ctx, tasks.length - 1);
    const keyOf = idempotencyKeyOf(ctx);
    const correlation = correlationOf(ctx);
    const written: LogPosition[] = [];
    const results = await Promise.all(
      tasks.map((task, index) => resultOf(task, { index, key: keyOf(index), correlation, written })),
    );
    setConsistencyToken(ctx, written);
    ctx.body = { results };
  });

  async function resultOf(
    body: unknown,
    request: { index: number; key: string | undefined; correlation: Correlation; written: LogPosition[] },
  ): Promise<BatchResult> {
    try {
      const task = operations.validate(body);
      const { id, position } = await operations.accept(task, request.correlation, request.key);
      if (position !== undefined) request.written.push(position);
      return { status: 202, task: pendingTask(id, task) };
    } catch (error) {
      const { body: problem } = loggedProblemOf(errorInBatch(error, request.index), {
        logger: options.logger,
        requestId: request.correlation.requestId,
      });
      return { status: problem.status, problem };
    }
  }

  return router;
}
