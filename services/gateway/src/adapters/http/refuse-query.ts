import type { Middleware } from 'koa';
import { InvalidRequestError } from '../../domain/errors.ts';

const maxFaults = 10;
const maxShownChars = 100;

/** For routes that know no query parameter: one that is there means something that would not be done. */
export const refuseQuery: Middleware = (ctx, next) => {
  if (ctx.querystring === '') return next();
  const names = Object.keys(ctx.query).slice(0, maxFaults);
  throw new InvalidRequestError(
    names.map((name) => ({
      parameter: name.slice(0, maxShownChars),
      detail: 'is not known: this resource takes no query parameters',
    })),
  );
};
