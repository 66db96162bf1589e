import type { Context } from 'koa';
import { HttpProblem } from './problem.ts';

/** @throws HttpProblem when the body is not said to be JSON in UTF-8, which is all that RFC 8259 knows */
export function assertJson(ctx: Context): void {
  // What nearly all send, without the look at what else it may mean.
  if (ctx.req.headers['content-type'] === 'application/json') return;
  if (ctx.is('json', '+json') === false || ctx.get('content-type') === '')
    throw new HttpProblem('unsupported-media-type', 'The body has to be sent with Content-Type: application/json.');
  const { charset } = ctx.request;
  if (charset !== '' && !/^utf-?8$/i.test(charset))
    throw new HttpProblem('unsupported-media-type', `JSON is sent in UTF-8, not in ${charset}.`);
}
