import type { Middleware } from 'koa';

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
