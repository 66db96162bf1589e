import Router from '@koa/router';
import type { Context, Middleware, Next } from 'koa';
import type { ClientAccess } from '../access/client-access.ts';
import { InvalidRequestError } from '../errors.ts';
import { HttpProblem } from './problems.ts';
import type { RouteHandler, Operation, Route } from './route.ts';
import { unknownParameters } from './schema.rules.ts';

/** One router for the whole table: before each handler stands what its row asks of the client. */
export function createRouter<Api>(routes: readonly Route<Api>[], api: Api, access: ClientAccess): Router {
  const router = new Router();
  for (const { method, path, scope, handler, operation, isStrict } of routes) {
    if ((operation as Operation | undefined) === undefined)
      throw new Error(`${method.toUpperCase()} ${path} has no operation in the table of routes`);
    const handlers: RouteHandler[] = [
      ...(scope === 'public' ? [] : [requireScope(access, scope)]),
      // Handlers that have parameters know best what is wrong with them.
      ...(takesQuery(operation) ? [] : [refuseQuery]),
      ...[handler(api)].flat(),
    ];
    router.register(path.replaceAll(/\{(\w+)\}/g, ':$1'), [method], handlers, { strict: isStrict });
  }
  return router;
}

function requireScope(access: ClientAccess, scope: Parameters<ClientAccess['admit']>[1]): RouteHandler {
  return (ctx, next) => {
    access.admit(ctx, scope);
    return next();
  };
}

const takesQuery = ({ parameters }: Operation) => parameters?.some((parameter) => parameter.in === 'query') ?? false;

/** For routes that know no query parameter: one that is there means something that would not be done. */
const refuseQuery: RouteHandler = (ctx, next) => {
  if (ctx.querystring === '') return next();
  const detail = 'is not known: this resource takes no query parameters';
  throw new InvalidRequestError(unknownParameters(ctx.query, () => false, detail));
};

type Layer = Pick<Router['stack'][number], 'methods'>;

/** What no route took: 404 where there is no resource, else 405 with Allow. OPTIONS is answered for every resource. */
export function unmatched(ctx: Context): void {
  const layers = (ctx['matched'] ?? []) as Layer[];
  if (layers.length === 0) throw new HttpProblem('not-found', 'The API has no resource at this path.');
  refuseMethod(ctx, layers);
}

/**
 * Answers methods that a path does not take although another route, with a parameter in its path, would: /api/tasks/batch
 * is no task.
 */
export function refuseAtWrittenPaths({ stack }: Router): Middleware {
  const layers = stack.filter(({ path }) => !String(path).includes(':'));
  const byPath = Map.groupBy(layers, ({ path }) => String(path));
  return (ctx: Context, next: Next) => {
    const written = byPath.get(ctx.path);
    if (written !== undefined && !written.some(({ methods }) => methods.includes(ctx.method))) {
      refuseMethod(ctx, written);
      return;
    }
    return next();
  };
}

function refuseMethod(ctx: Context, layers: readonly Layer[]): void {
  const allow = [...new Set(layers.flatMap(({ methods }) => methods)), 'OPTIONS'].join(', ');
  if (ctx.method !== 'OPTIONS')
    throw new HttpProblem('method-not-allowed', `This resource takes ${allow}.`, { Allow: allow });
  ctx.status = 204;
  ctx.set('Allow', allow);
}
