import Router from '@koa/router';
import type { TaskType } from '@nask/schemas';

/** `GET /api/task-types`: what can be asked for, each with the JSON Schema of its payload. */
export function createTaskTypeRoutes(taskTypes: ReadonlyMap<string, TaskType>): Router {
  const body = {
    task_types: [...taskTypes.values()].map(({ name, payloadSchema }) => ({ name, payload_schema: payloadSchema })),
  };
  const router = new Router();
  router.get('/api/task-types', (ctx) => {
    ctx.body = body;
  });
  return router;
}
