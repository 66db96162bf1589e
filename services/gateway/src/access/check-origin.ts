import type { Middleware } from 'koa';
import { createOriginCheck } from './request-origin.rules.ts';
import { HttpProblem } from '../http/problem.ts';

const safeMethods: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS']);

/**
 * Refuses requests that may change something and that a browser sends for a page of another origin. Other clients send
 * neither Origin nor Sec-Fetch-Site, and pass.
 * @param corsOrigins whose pages pass as well
 */
export function checkOrigin(corsOrigins: readonly string[]): Middleware {
  const headerOfOtherOrigin = createOriginCheck(corsOrigins);
  return (ctx, next) => {
    if (safeMethods.has(ctx.method)) return next();
    const { host, origin, 'sec-fetch-site': secFetchSite } = ctx.req.headers;
    const header = headerOfOtherOrigin({ host, origin, secFetchSite: secFetchSite?.toString() });
    if (header !== undefined)
      throw new HttpProblem(
        'cross-origin',
        `The ${header} header says that a page of another origin sent the request, and CORS_ORIGINS does not name that origin.`,
      );
    return next();
  };
}
