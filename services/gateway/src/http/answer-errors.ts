import type { Middleware } from 'koa';
import type { Logger } from '@nask/kafka';
import { problemOf } from './problem-of-error.ts';
import type { Problem } from './problem.ts';

/** Turns what is thrown below into a problem detail. */
export function answerErrors(logger: Logger): Middleware {
  return async (ctx, next) => {
    try {
      await next();
    } catch (error) {
      const requestId = ctx.state['requestId'] as string;
      // Whatever goes wrong for a client that has left is not our fault.
      const { body, headers } = ctx.res.destroyed ? problemOf(error) : loggedProblemOf(error, { logger, requestId });
      ctx.status = body.status;
      ctx.set(headers);
      ctx.body = JSON.stringify(body);
      ctx.type = 'application/problem+json';
    }
  };
}

/** The answer to an error. What nobody expected is logged with its stack. */
export function loggedProblemOf(error: unknown, context: { logger: Logger; requestId: string }): Problem {
  const problem = problemOf(error);
  const { status, type } = problem.body;
  const bindings = { err: error, requestId: context.requestId, problem: type };
  if (status === 500) context.logger.error(bindings, 'A request failed unexpectedly');
  else if (status === 503) context.logger.debug(bindings, 'A request could not be served now');
  return problem;
}
