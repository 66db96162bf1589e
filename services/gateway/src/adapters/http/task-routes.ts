import type { Context } from 'koa';
import Router from '@koa/router';
import type { AcceptTask } from '../../domain/accept-task.ts';
import type { Correlation } from '../../domain/correlation.ts';
import { TaskNotFoundError } from '../../domain/errors.ts';
import { parseJsonText } from '../../domain/json-text.ts';
import { cursorAfter, parsePage, type Page } from '../../domain/page.ts';
import { parseTaskId } from '../../domain/task-id.ts';
import type { NewTask } from '../../domain/task-request.ts';
import { viewOf, type VisibleTaskDocument } from '../../domain/task-view.ts';
import { assertJson } from './assert-json.ts';
import { correlationOf } from './correlation-of.ts';
import { idempotencyKeyOf } from './idempotency-key-of.ts';
import { inFlightLimit } from './in-flight-limit.ts';
import { pendingTask } from './pending-task.ts';
import { readBodyText, type BodyLimits } from './read-body.ts';
import { createRequestBound } from './request-bound.ts';

/** What the routes do, apart from HTTP. */
export interface TaskOperations {
  /** The task of a parsed body. @throws InvalidRequestError */
  validate(body: unknown): NewTask;
  accept: AcceptTask;
  /** Finds a task; `startBound` is called if it has to wait. @throws TaskNotFoundError */
  find(id: number, startBound: () => AbortSignal): Promise<VisibleTaskDocument>;
  /**
   * Asks that a task be stopped: resolves with the task as it is, once Kafka acknowledged the event. `startBound` as above.
   * @throws TaskNotFoundError, TaskEndedError
   */
  cancel(id: number, correlation: Correlation, startBound: () => AbortSignal): Promise<VisibleTaskDocument>;
  /** One page, ascending by id, without results; `hasMore` when there are tasks after it. */
  list(page: Page): Promise<{ documents: VisibleTaskDocument[]; hasMore: boolean }>;
}

type TaskContext = Context & { params: Record<string, string> };

/** How many lists are read and sent at once: each may have some megabytes. */
const maxListsInFlight = 50;

/** The resources of tasks. */
export function createTaskRoutes(operations: TaskOperations, limits: BodyLimits & { readWaitMs: number }) {
  const router = new Router();

  router.post('/api/tasks', async (ctx) => {
    assertJson(ctx);
    const task = operations.validate(parseJsonText(await readBodyText(ctx.req, limits)));
    const id = await operations.accept(task, correlationOf(ctx), idempotencyKeyOf(ctx)());
    ctx.status = 202;
    ctx.set('Location', `/api/tasks/${id}`);
    ctx.body = pendingTask(id, task);
  });

  router.get('/api/tasks', inFlightLimit(maxListsInFlight), async (ctx) => {
    const page = parsePage(ctx.query);
    const { documents, hasMore } = await operations.list(page);
    const last = documents.at(-1);
    if (hasMore && last !== undefined)
      ctx.set('Link', `</api/tasks?limit=${page.limit}&cursor=${cursorAfter(last._id)}>; rel="next"`);
    ctx.body = { tasks: documents.map(viewOf) };
  });

  router.get('/api/tasks/:id', async (ctx) => {
    ctx.body = viewOf(await withTask(ctx, operations.find));
  });

  router.post('/api/tasks/:id/cancel', async (ctx) => {
    const task = await withTask(ctx, (id, startBound) => operations.cancel(id, correlationOf(ctx), startBound));
    ctx.status = 202;
    ctx.body = viewOf(task);
  });

  async function withTask<T>(ctx: TaskContext, use: (id: number, startBound: () => AbortSignal) => Promise<T>) {
    const id = parseTaskId(ctx.params['id'] ?? '');
    if (id === undefined) throw new TaskNotFoundError('There is no such task: ids of tasks are positive integers.');
    const bound = createRequestBound(ctx.res, limits.readWaitMs);
    try {
      return await use(id, bound.start);
    } finally {
      bound.end();
    }
  }

  return router;
}
