import type { RequestListener } from 'node:http';
import Koa from 'koa';
import type { Registry } from 'prom-client';
import { allowOrigins, checkHost, checkOrigin, setSecurityHeaders } from '../access/request-origin.ts';
import { openApiDocument } from '../docs/openapi.ts';
import { routes, type Api } from '../routes.ts';
import { createPlaces, inFlightLimit } from './request-bounds.ts';
import { observe, type AccessLogLevel } from './observe.ts';
import { answerErrors } from './problems.ts';
import { createRouter, refuseAtWrittenPaths, unmatched } from './router.ts';

export interface ApiOptions extends Omit<Api, 'openApi' | 'waitPlaces'> {
  /** Answers /healthz and /readyz, outside of logs, limits, metrics and the check of the host. */
  healthListener: RequestListener;
  metrics: Registry;
  /** Names that the API is served under without keys, besides localhost and addresses. */
  allowedHosts: readonly string[];
  /** Whose pages may call the API. */
  corsOrigins: readonly string[];
  accessLogLevel: AccessLogLevel;
  /** How many requests are served at once. */
  maxRequestsInFlight: number;
  /** How many requests wait at once because they prefer to. */
  maxWaitingRequests: number;
}

const healthPaths: ReadonlySet<string> = new Set(['/healthz', '/readyz']);

/** The HTTP API as a request listener: every answer has X-Request-Id, every error is a problem detail. */
export function createApi(options: ApiOptions): RequestListener {
  const { logger, metrics } = options;
  const app = new Koa();
  app.use(observe({ logger, level: options.accessLogLevel, metrics }));
  app.use(setSecurityHeaders);
  app.use(answerErrors(logger));
  app.use(checkHost({ hasKeys: options.access.hasKeys, allowedHosts: options.allowedHosts }));
  if (options.corsOrigins.length > 0) app.use(allowOrigins(options.corsOrigins));
  app.use(checkOrigin(options.corsOrigins));
  app.use(inFlightLimit(options.maxRequestsInFlight));
  const openApi = openApiDocument(routes, options.taskTypes, options.access);
  const waitPlaces = createPlaces(options.maxWaitingRequests);
  const router = createRouter(routes, { ...options, openApi, waitPlaces }, options.access);
  app.use(refuseAtWrittenPaths(router));
  app.use(router.routes());
  app.use(unmatched);
  // Answers that cannot be written any more: the client is gone, which is its right.
  app.on('error', (error: Error) => logger.debug({ err: error }, 'An answer could not be written'));
  const handle = app.callback();
  return (request, response) => {
    if (healthPaths.has(request.url ?? '')) options.healthListener(request, response);
    else void handle(request, response);
  };
}
