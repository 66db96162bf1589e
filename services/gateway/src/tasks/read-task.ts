import Router from '@koa/router';
import { awaitTask, type AwaitTaskPorts } from '../read-model/await-task.ts';
import { nextPageQuery, parseTaskList, type TaskList } from './task-list.rules.ts';
import { viewOf, type VisibleTaskDocument } from './task-view.rules.ts';
import { consistentRead, type ReachPositions } from '../read-model/consistent-read.ts';
import { inFlightLimit } from '../http/in-flight-limit.ts';
import { withTask } from './one-task.ts';
import { preferredWait, type WaitLimits } from '../read-model/preferred-wait.ts';
import { answerTask } from './task-answer.ts';

/** What the routes do, apart from HTTP. */
export interface ReadOperations {
  /** Finds a task; `startBound` is called if it has to wait. @throws TaskNotFoundError */
  find(id: number, startBound: () => AbortSignal): Promise<VisibleTaskDocument>;
  /** One page, without results; `hasMore` when there are tasks after it. */
  list(list: TaskList): Promise<{ documents: VisibleTaskDocument[]; hasMore: boolean }>;
  awaiting: AwaitTaskPorts;
  reach: ReachPositions;
}

/** How many lists are read and sent at once: each may have some megabytes. */
const maxListsInFlight = 50;

/** Tasks as they are read. */
export function createReadRoutes(operations: ReadOperations, limits: WaitLimits & { readWaitMs: number }): Router {
  const { readWaitMs } = limits;
  const consistent = consistentRead((positions, signal) => operations.reach(positions, signal), readWaitMs);
  const router = new Router();

  router.get('/api/tasks', inFlightLimit(maxListsInFlight), consistent, async (ctx) => {
    const list = parseTaskList(ctx.query);
    const { documents, hasMore } = await operations.list(list);
    const last = documents.at(-1);
    if (hasMore && last !== undefined) ctx.set('Link', `</api/tasks?${nextPageQuery(list, last)}>; rel="next"`);
    ctx.body = { tasks: documents.map(viewOf) };
  });

  // With If-None-Match a wait is for any change, without it for the end of the task.
  router.get('/api/tasks/:id', consistent, async (ctx) => {
    const task = await withTask(ctx, readWaitMs, operations.find);
    const isNews = (document: VisibleTaskDocument) => {
      answerTask(ctx, document);
      return !ctx.fresh;
    };
    const isConditional = ctx.get('if-none-match') !== '';
    const awaited = await preferredWait(ctx, limits, (signal) =>
      awaitTask(operations.awaiting, task._id, task, signal, isConditional ? isNews : undefined),
    );
    if (!isNews(awaited?.document ?? task)) ctx.status = 304;
  });

  return router;
}
