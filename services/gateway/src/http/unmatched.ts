import type Router from '@koa/router';
import type { Context, Middleware, Next } from 'koa';
import { HttpProblem } from './problem.ts';

type Layer = Pick<Router['stack'][number], 'methods'>;

/** What no route took: 404 where there is no resource, else 405 with Allow. OPTIONS is answered for every resource. */
export function unmatched(ctx: Context): void {
  const layers = (ctx['matched'] ?? []) as Layer[];
  if (layers.length === 0) throw new HttpProblem('not-found', 'The API has no resource at this path.');
  refuseMethod(ctx, layers);
}

/**
 * Answers methods that a path does not take although another route, with a parameter in its path, would: /api/tasks/batch
 * is no task.
 */
export function refuseAtWrittenPaths({ stack }: Router): Middleware {
  const layers = stack.filter(({ path }) => !String(path).includes(':'));
  const byPath = Map.groupBy(layers, ({ path }) => String(path));
  return (ctx: Context, next: Next) => {
    const written = byPath.get(ctx.path);
    if (written !== undefined && !written.some(({ methods }) => methods.includes(ctx.method))) {
      refuseMethod(ctx, written);
      return;
    }
    return next();
  };
}

function refuseMethod(ctx: Context, layers: readonly Layer[]): void {
  const allow = [...new Set(layers.flatMap(({ methods }) => methods)), 'OPTIONS'].join(', ');
  if (ctx.method !== 'OPTIONS')
    throw new HttpProblem('method-not-allowed', `This resource takes ${allow}.`, { Allow: allow });
  ctx.status = 204;
  ctx.set('Allow', allow);
}
