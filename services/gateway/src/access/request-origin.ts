import type { IncomingMessage } from 'node:http';
import cors from '@koa/cors';
import type { Middleware } from 'koa';
import { HttpProblem } from '../http/problems.ts';
import { createHostCheck, createOriginCheck } from './request-origin.rules.ts';

/**
 * Refuses an HTTP/1.1 request without a Host header or with several (RFC 9112, section 3.2) and, where clients have no keys,
 * a host that is not served.
 */
export function checkHost({
  hasKeys,
  allowedHosts,
}: {
  hasKeys: boolean;
  allowedHosts: readonly string[];
}): Middleware {
  const isServed = createHostCheck(allowedHosts);
  return (ctx, next) => {
    const { host } = ctx.req.headers;
    if (host === undefined ? ctx.req.httpVersion === '1.1' : hasSeveralHosts(ctx.req))
      throw new HttpProblem('malformed-request', 'An HTTP/1.1 request has to have one Host header.', {
        Connection: 'close',
      });
    if (!hasKeys && host !== undefined && !isServed(host))
      throw new HttpProblem(
        'unknown-host',
        'The Host header is not localhost, an IP address or a name in ALLOWED_HOSTS. A gateway without API_KEYS serves no other.',
      );
    return next();
  };
}

/** Node keeps the first one in `headers`. Its own object of all values would copy every header of every request. */
function hasSeveralHosts({ rawHeaders }: IncomingMessage): boolean {
  let count = 0;
  for (let i = 0; i < rawHeaders.length; i += 2)
    if (rawHeaders[i]!.length === 4 && rawHeaders[i]!.toLowerCase() === 'host') count += 1;
  return count > 1;
}

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

/** What a page of another origin may read of an answer beside its body. */
const exposedHeaders = [
  'Consistency-Token',
  'Content-Location',
  'ETag',
  'Link',
  'Location',
  'Preference-Applied',
  'RateLimit',
  'RateLimit-Policy',
  'Retry-After',
  'WWW-Authenticate',
  'X-Request-Id',
];

/** How long a browser remembers what it may do, in seconds. */
const preflightMaxAgeS = 600;

/**
 * Lets pages of these origins call the API (CORS). Cookies are of no use here, so none are allowed.
 * @param origins as browsers send them, e.g. `https://console.example.com`; `*` is all of them
 */
export function allowOrigins(origins: readonly string[]): Middleware {
  const allowed = new Set(origins);
  return cors({
    origin(ctx) {
      const origin = ctx.get('origin');
      if (allowed.has('*')) return '*';
      return allowed.has(origin) ? origin : '';
    },
    allowMethods: 'GET,HEAD,POST,PUT,PATCH,DELETE',
    exposeHeaders: exposedHeaders,
    maxAge: preflightMaxAgeS,
  });
}

/**
 * What every answer tells browsers (OWASP, REST Security Cheat Sheet): it is what its type says, is nothing to render,
 * frame or store. A route that is different sets its own.
 */
export const securityHeaders = {
  'X-Content-Type-Options': 'nosniff',
  'Content-Security-Policy': "default-src 'none'; frame-ancestors 'none'",
  'Referrer-Policy': 'no-referrer',
  'Cache-Control': 'no-store',
} as const;

const entries = Object.entries(securityHeaders);

export const setSecurityHeaders: Middleware = (ctx, next) => {
  for (const [name, value] of entries) ctx.res.setHeader(name, value);
  return next();
};
