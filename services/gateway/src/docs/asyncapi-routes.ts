import Router from '@koa/router';
import { asyncApiDocument } from './asyncapi.ts';

/** `GET /asyncapi.json`: the topics as an AsyncAPI document. */
export function createAsyncApiRoutes(topicPrefix: string): Router {
  const text = JSON.stringify(asyncApiDocument(topicPrefix));
  const router = new Router();
  router.get('/asyncapi.json', (ctx) => {
    ctx.body = text;
    ctx.type = 'application/json';
  });
  return router;
}
