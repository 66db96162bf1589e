import Router from '@koa/router';
import type { StatsResource } from './stats.ts';

/** What the routes do, apart from HTTP. */
export interface StatsOperations {
  stats(): Promise<StatsResource>;
}

/** The service in figures. */
export function createStatsRoutes(operations: StatsOperations): Router {
  const router = new Router();
  router.get('/api/stats', async (ctx) => {
    ctx.set('Cache-Control', 'private, no-cache');
    ctx.body = await operations.stats();
  });
  return router;
}
