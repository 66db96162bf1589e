import type Router from '@koa/router';
import type { Context, Next } from 'koa';
import type { ClientAccess } from '../access/client-access.ts';
import type { ApiOperation } from './api-operation.ts';
import { refuseQuery } from './refuse-query.ts';

/**
 * Puts before each route what its operation asks of the client. A route without an operation is not served: what is
 * forgotten is closed, not open.
 * @throws Error for a route that no operation describes
 */
export function guardRoutes(router: Router, operations: readonly ApiOperation[], access: ClientAccess): void {
  const known = new Map(operations.map((operation) => [routeOf(operation), operation]));
  for (const layer of router.stack) {
    const path = String(layer.path);
    const described = layer.methods
      .filter((method) => method !== 'HEAD')
      .map((method) => known.get(`${method} ${path}`));
    const [operation] = described;
    if (operation === undefined || described.length > 1)
      throw new Error(`${layer.methods.join()} ${path} is not one operation`);
    const { scope } = operation;
    // Those that have parameters know best what is wrong with them.
    if (!takesQuery(operation)) layer.stack.unshift(refuseQuery);
    if (scope === 'public') continue;
    layer.stack.unshift((ctx: Context, next: Next) => {
      access.admit(ctx, scope);
      return next();
    });
  }
}

const takesQuery = ({ operation }: ApiOperation) =>
  operation.parameters?.some((parameter) => parameter.in === 'query') ?? false;

/** As the router has it: `/api/tasks/{id}` -> `GET /api/tasks/:id`. */
function routeOf({ method, path }: ApiOperation): string {
  return `${method.toUpperCase()} ${path.replaceAll(/\{(\w+)\}/g, ':$1')}`;
}
