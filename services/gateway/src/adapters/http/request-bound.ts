import type { ServerResponse } from 'node:http';
import { UnavailableError } from '../../domain/errors.ts';

/** How long one request may wait. Costs nothing until it is started. */
export interface RequestBound {
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
  const controller = new AbortController();
  const onClose = () => controller.abort(new Error('The client left while it waited.'));
  let timer: NodeJS.Timeout | undefined;
  return {
    start() {
      response.once('close', onClose);
      timer = setTimeout(() => controller.abort(onTimeout()), waitMs);
      return controller.signal;
    },
    end() {
      clearTimeout(timer);
      response.off('close', onClose);
    },
  };
}

function behind(waitMs: number): UnavailableError {
  return new UnavailableError(
    'READ_MODEL_BEHIND',
    `The read model did not reach what was accepted before this request within ${waitMs} ms, so whether the task exists is not known yet.`,
  );
}
