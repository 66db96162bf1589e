import type { Context, Middleware, Next } from 'koa';
import {
  consistencyToken,
  consistencyTokenHeader,
  parseConsistencyTokens,
  type LogPosition,
} from './consistency-token.ts';
import { UnavailableError } from '../errors.ts';
import { createRequestBound } from '../http/request-bound.ts';

/** Resolves when the read model has what is written at these positions. */
export type ReachPositions = (positions: readonly LogPosition[], signal: AbortSignal) => Promise<void>;

/**
 * Makes a read at least as new as the tokens that it is given, or answers 503 after the bound. Costs nothing without.
 */
export function consistentRead(reach: ReachPositions, readWaitMs: number): Middleware {
  async function readAfter(positions: readonly LogPosition[], ctx: Context, next: Next): Promise<void> {
    const bound = createRequestBound(ctx.res, readWaitMs, () => behind(readWaitMs));
    try {
      await reach(positions, bound.start());
    } finally {
      bound.end();
    }
    await next();
  }

  return (ctx, next) => {
    const header = ctx.get(consistencyTokenHeader);
    return header === '' ? next() : readAfter(parseConsistencyTokens(header), ctx, next);
  };
}

/** Gives the client what makes its reads as new as these writes. */
export function setConsistencyToken(ctx: Context, positions: readonly LogPosition[]): void {
  if (positions.length > 0) ctx.set(consistencyTokenHeader, consistencyToken(positions));
}

function behind(readWaitMs: number): UnavailableError {
  return new UnavailableError(
    'READ_MODEL_BEHIND',
    `The read model did not reach the position of the ${consistencyTokenHeader} within ${readWaitMs} ms.`,
  );
}
