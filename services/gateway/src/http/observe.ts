import { randomUUID } from 'node:crypto';
import type { Context, Middleware, Next } from 'koa';
import { Histogram, type Registry } from 'prom-client';
import type { Logger } from '@nask/kafka';
import { usableRequestId } from './correlation.ts';
import { clientOfRequest } from '../access/client-access.ts';

/** At which level a request is logged; `off`: not at all. */
export type AccessLogLevel = 'off' | 'debug' | 'info';

/**
 * Gives each request an id (X-Request-Id, the client's where usable), a line in the access log and a place in the
 * metrics: by the template of its route, never by its path.
 */
export function observe(options: { logger: Logger; level: AccessLogLevel; metrics: Registry }): Middleware {
  const duration = new Histogram({
    name: 'http_request_duration_seconds',
    help: 'Time from the headers of a request to its answer, by route, method and status (aborted: the client left).',
    labelNames: ['route', 'method', 'status'],
    buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
    registers: [options.metrics],
  });

  return async (ctx: Context, next: Next) => {
    const startedAt = performance.now();
    const requestId = usableRequestId(ctx.get('x-request-id')) ?? randomUUID();
    ctx.state['requestId'] = requestId;
    ctx.set('X-Request-Id', requestId);
    await next();
    const durationMs = performance.now() - startedAt;
    const status = ctx.res.destroyed ? 'aborted' : ctx.status;
    const route = String(ctx['_matchedRoute'] ?? 'none');
    duration.observe({ route, method: ctx.method, status }, durationMs / 1000);
    if (options.level !== 'off')
      options.logger[options.level](
        {
          requestId,
          client: clientOfRequest(ctx)?.name,
          method: ctx.method,
          path: ctx.path,
          status,
          durationMs: Math.round(durationMs * 10) / 10,
        },
        'request',
      );
  };
}
