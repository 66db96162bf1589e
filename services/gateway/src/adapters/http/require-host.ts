import type { Middleware } from 'koa';
import { HttpProblem } from './problem.ts';

/** A request of HTTP/1.1 has to have a Host header, and one without it has to be refused (RFC 9112, section 3.2). */
export const requireHost: Middleware = (ctx, next) => {
  if (ctx.req.headers.host === undefined && ctx.req.httpVersion === '1.1')
    throw new HttpProblem('malformed-request', 'An HTTP/1.1 request has to have a Host header.', {
      Connection: 'close',
    });
  return next();
};
