import Router from '@koa/router';
import type { TaskType } from '@nask/schemas';
import { openApiDocument } from './openapi.ts';

/** `GET /openapi.json`: the API as an OpenAPI document. */
export function createOpenApiRoutes(taskTypes: ReadonlyMap<string, TaskType>, options: { hasKeys: boolean }): Router {
  const text = JSON.stringify(openApiDocument(taskTypes, options));
  const router = new Router();
  router.get('/openapi.json', (ctx) => {
    ctx.body = text;
    ctx.type = 'application/json';
  });
  return router;
}
