import type { Middleware } from 'koa';
import { InvalidRequestError } from '../errors.ts';
import { unknownParameters } from './unknown-parameters.ts';

/** For routes that know no query parameter: one that is there means something that would not be done. */
export const refuseQuery: Middleware = (ctx, next) => {
  if (ctx.querystring === '') return next();
  const detail = 'is not known: this resource takes no query parameters';
  throw new InvalidRequestError(unknownParameters(ctx.query, () => false, detail));
};
