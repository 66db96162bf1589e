import { randomUUID } from 'node:crypto';
import type { Context, Middleware, Next } from 'koa';
import { Histogram, type Registry } from 'prom-client';
import type { Logger } from '@nask/kafka';
import { clientOfRequest } from '../access/client-access.ts';
import type { ParameterObject } from './route.ts';

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

/** What goes from a request into the events that it causes, so that they can be found by it. */
export interface Correlation {
  requestId: string;
  /** W3C Trace Context. */
  traceparent: string | undefined;
  /** Name of the API key that it came with; null where clients have no keys. */
  client: string | null;
}

/**
 * The request id that a client sent, if it can be used: 1 to 64 characters that are safe in headers and logs.
 */
export function usableRequestId(header: string | undefined): string | undefined {
  return header !== undefined && /^[\w.:~-]{1,64}$/.test(header) ? header : undefined;
}

/**
 * The `traceparent` that a client sent, if it is valid (W3C Trace Context, section 3.2): of version 00 exactly four
 * fields, of a later version at least these; version ff and ids of zeros are invalid.
 */
export function validTraceparent(header: string | undefined): string | undefined {
  if (header === undefined || header.length > 128) return undefined;
  const match = /^(?!ff)([\da-f]{2})-(?!0{32})[\da-f]{32}-(?!0{16})[\da-f]{16}-[\da-f]{2}(-.*)?$/.exec(header);
  if (match === null || (match[1] === '00' && match[2] !== undefined)) return undefined;
  return header;
}

/** What of a request goes into the events that it causes. */
export function correlationOf(ctx: Context): Correlation {
  return {
    requestId: ctx.state['requestId'] as string,
    traceparent: validTraceparent(ctx.get('traceparent')),
    client: clientOfRequest(ctx)?.name ?? null,
  };
}

export const traceparentParameter: ParameterObject = {
  name: 'traceparent',
  in: 'header',
  description: 'W3C Trace Context: goes into the event. One that is not valid is ignored.',
  schema: { type: 'string' },
};
