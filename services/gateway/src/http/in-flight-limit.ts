import type { Middleware } from 'koa';
import { UnavailableError } from '../errors.ts';

/**
 * Bounds the requests that are served at once, and with them everything that requests wait in: bodies being read, ids,
 * look-ups, reads. A request counts until its work is done, even if its client has left, and until its answer is sent.
 * What comes above it is answered 503 at once.
 */
export function inFlightLimit(maxRequests: number): Middleware {
  let inFlight = 0;
  return async (ctx, next) => {
    if (inFlight >= maxRequests)
      throw new UnavailableError('OVERLOADED', `The gateway serves at most ${maxRequests} such requests at once.`);
    inFlight += 1;
    let ends = 0;
    const onEnd = () => {
      ends += 1;
      if (ends === 2) inFlight -= 1;
    };
    ctx.res.once('close', onEnd);
    try {
      await next();
    } finally {
      onEnd();
    }
  };
}
