import type { ServerResponse } from 'node:http';
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

/** So many places that requests may take, and leave again. */
export interface Places {
  /** Takes a place: the function leaves it, once. Undefined when there is none. */
  take(): (() => void) | undefined;
}

export function createPlaces(count: number): Places {
  let taken = 0;
  return {
    take() {
      if (taken >= count) return undefined;
      taken += 1;
      let isTaken = true;
      return () => {
        if (isTaken) taken -= 1;
        isTaken = false;
      };
    },
  };
}

/** How long one request may wait. Costs nothing until it is started. */
interface RequestBound {
  /** Begins the wait, once. */
  readonly start: () => AbortSignal;
  end(): void;
}

/**
 * A bound that ends with the time, or when the client leaves.
 * @param waitMs from the start of the wait
 * @param onTimeout makes the signal's reason when the time is over
 */
export function createRequestBound(
  response: ServerResponse,
  waitMs: number,
  onTimeout: () => Error = () => behind(waitMs),
): RequestBound {
  let end = () => {};
  let signal: AbortSignal | undefined;
  return {
    start() {
      if (signal !== undefined) return signal;
      const controller = new AbortController();
      const onClose = () => controller.abort(new Error('The client left while it waited.'));
      const timer = setTimeout(() => controller.abort(onTimeout()), waitMs);
      response.once('close', onClose);
      end = () => {
        clearTimeout(timer);
        response.off('close', onClose);
      };
      signal = controller.signal;
      return signal;
    },
    end: () => end(),
  };
}

function behind(waitMs: number): UnavailableError {
  return new UnavailableError(
    'READ_MODEL_BEHIND',
    `The read model did not reach what was accepted before this request within ${waitMs} ms, so whether the task exists is not known yet.`,
  );
}
