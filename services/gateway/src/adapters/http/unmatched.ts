import type { Context } from 'koa';
import { HttpProblem } from './problem.ts';

/** What no route took: 404 where there is no resource, else 405 with Allow. OPTIONS is answered for every resource. */
export function unmatched(ctx: Context): void {
  const layers = (ctx['matched'] ?? []) as { methods: string[] }[];
  const methods = new Set(layers.flatMap((layer) => layer.methods));
  if (methods.size === 0) throw new HttpProblem('not-found', 'The API has no resource at this path.');
  const allow = [...methods, 'OPTIONS'].join(', ');
  if (ctx.method !== 'OPTIONS')
    throw new HttpProblem('method-not-allowed', `This resource takes ${allow}.`, { Allow: allow });
  ctx.status = 204;
  ctx.set('Allow', allow);
}
