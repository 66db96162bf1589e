import type { Middleware } from 'koa';
import type { Logger } from '@nask/kafka';
import { problemOf } from './problem-of-error.ts';

/** Turns what is thrown below into a problem detail. What nobody expected is logged with its stack. */
export function answerErrors(logger: Logger): Middleware {
  return async (ctx, next) => {
    try {
      await next();
    } catch (error) {
      const { body, headers } = problemOf(error);
      const bindings = { err: error, requestId: ctx.state['requestId'] as string, problem: body.type };
      if (body.status === 500 && !ctx.res.destroyed) logger.error(bindings, 'A request failed unexpectedly');
      else if (body.status === 503) logger.debug(bindings, 'A request could not be served now');
      ctx.status = body.status;
      ctx.set(headers);
      ctx.body = JSON.stringify(body);
      ctx.type = 'application/problem+json';
    }
  };
}
