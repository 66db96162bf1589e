import type { Context } from 'koa';
import { HttpProblem } from './problem.ts';

/** @throws HttpProblem when the body is not said to be JSON */
export function assertJson(ctx: Context): void {
  if (ctx.is('json', '+json') === false || ctx.get('content-type') === '')
    throw new HttpProblem('unsupported-media-type', 'The body has to be sent with Content-Type: application/json.');
}
