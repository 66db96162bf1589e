import type { ServerResponse } from 'node:http';
import { UnavailableError } from '../errors.ts';

/** How long one request may wait. Costs nothing until it is started. */
export interface RequestBound {
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
