import Router from '@koa/router';
import { productVersion } from '@nask/service';

/** Paths of the entry points of the API. */
export const entryPoints = {
  tasks: '/api/tasks',
  task_types: '/api/task-types',
  stats: '/api/stats',
  docs: '/docs',
  openapi: '/openapi.json',
  asyncapi: '/asyncapi.json',
  liveness: '/healthz',
  readiness: '/readyz',
} as const;

/** `GET /`: where to find what. Links in JSON for programs, a redirect to the interactive page for browsers. */
export function createRootRoutes(): Router {
  // Strict, because `//` is no resource.
  const router = new Router({ strict: true });
  router.get('/', (ctx) => {
    ctx.vary('Accept');
    if (ctx.accepts('json', 'html') === 'html') {
      ctx.redirect('docs');
      return;
    }
    ctx.body = { name: 'nask-task', version: productVersion, links: entryPoints };
  });
  return router;
}
