import type { Context } from 'koa';
import { parseIdempotencyKey, scopedKey } from './idempotency-key.ts';
import { clientOfRequest } from '../access/client-access.ts';

/**
 * The Idempotency-Key of a request, as the function that gives it its scope.
 * @returns gives the key of the request, or of one task of its batch; undefined when the request has none
 * @throws InvalidRequestError when it cannot be a key
 */
export function idempotencyKeyOf(ctx: Context): (index?: number) => string | undefined {
  const key = parseIdempotencyKey(ctx.req.headers['idempotency-key'] as string | undefined);
  const client = clientOfRequest(ctx)?.name ?? '';
  return (index) => (key === undefined ? undefined : scopedKey(key, client, index));
}
