import type { Middleware } from 'koa';
import { UnavailableError } from '../../domain/errors.ts';

/**
 * Bounds the requests that are served at once, and with them everything that requests wait in: bodies being read, ids,
 * look-ups, reads. What comes above it is answered 503 at once.
 */
export function inFlightLimit(maxRequests: number): Middleware {
  let inFlight = 0;
  return async (_ctx, next) => {
    if (inFlight >= maxRequests)
      throw new UnavailableError('OVERLOADED', `The gateway serves at most ${maxRequests} requests at once.`);
    inFlight += 1;
    try {
      await next();
    } finally {
      inFlight -= 1;
    }
  };
}
