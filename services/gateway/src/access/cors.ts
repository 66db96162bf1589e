import cors from '@koa/cors';
import type { Middleware } from 'koa';

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
