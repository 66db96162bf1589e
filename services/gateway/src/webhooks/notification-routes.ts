import Router from '@koa/router';
import type { Correlation } from '../http/correlation.ts';
import { TaskNotFoundError } from '../errors.ts';
import { parseJsonText } from '../http/json-text.ts';
import { redeliverySelection, type RedeliverySelection } from './redelivery-selection.ts';
import { parseTaskId } from '../tasks/task-id.ts';
import type { VisibleTaskDocument } from '../tasks/task-view.rules.ts';
import { assertJson } from '../http/assert-json.ts';
import { correlationOf } from '../http/correlation-of.ts';
import { readBodyText, type BodyLimits } from '../http/read-body.ts';
import { createRequestBound } from '../http/request-bound.ts';

/** What the routes do, apart from HTTP. */
export interface NotificationOperations {
  /** @throws TaskNotFoundError */
  find(id: number, startBound: () => AbortSignal): Promise<VisibleTaskDocument>;
  /** Asks for the outcome to be sent again, for good. @throws TaskNotEndedError, NoNotifyUrlError */
  redeliver(document: VisibleTaskDocument, correlation: Correlation): Promise<void>;
  /** The same for all that are selected, so many at most; `cursor` when there may be more. */
  redeliverFailed(
    selection: RedeliverySelection,
    correlation: Correlation,
    signal: AbortSignal,
  ): Promise<{ requested: number; cursor?: string }>;
}

/** Webhooks that are sent again by hand. */
export function createNotificationRoutes(
  operations: NotificationOperations,
  limits: BodyLimits & { readWaitMs: number; redeliverWaitMs: number },
) {
  const router = new Router();

  router.post('/api/tasks/:id/notifications', async (ctx) => {
    const id = parseTaskId(ctx.params['id'] ?? '');
    if (id === undefined) throw new TaskNotFoundError('There is no such task: ids of tasks are positive integers.');
    const bound = createRequestBound(ctx.res, limits.readWaitMs);
    try {
      await operations.redeliver(await operations.find(id, bound.start), correlationOf(ctx));
    } finally {
      bound.end();
    }
    ctx.status = 202;
    ctx.set('Location', `/api/tasks/${id}`);
    ctx.body = { requested: 1 };
  });

  router.post('/api/notifications/redeliver', async (ctx) => {
    assertJson(ctx);
    const selection = redeliverySelection(parseJsonText(await readBodyText(ctx.req, limits)));
    const bound = createRequestBound(ctx.res, limits.redeliverWaitMs);
    try {
      ctx.body = await operations.redeliverFailed(selection, correlationOf(ctx), bound.start());
    } finally {
      bound.end();
    }
    ctx.status = 202;
  });

  return router;
}
