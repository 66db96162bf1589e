import type { RequestListener } from 'node:http';
import Router from '@koa/router';
import Koa from 'koa';
import type { Registry } from 'prom-client';
import type { Logger } from '@nask/kafka';
import type { TaskType } from '@nask/schemas';
import { answerErrors } from './answer-errors.ts';
import { createAsyncApiRoutes } from '../docs/asyncapi-routes.ts';
import { createBatchRoutes } from '../tasks/post-batch.ts';
import { createEventRoutes, type EventLimits, type EventOperations } from '../tasks/task-events.ts';
import { guardRoutes } from './guard-routes.ts';
import { inFlightLimit } from './in-flight-limit.ts';
import { observe, type AccessLogLevel } from './observe.ts';
import { createErasureRoutes, type ErasureOperations } from '../tasks/erasure-routes.ts';
import { createNotificationRoutes, type NotificationOperations } from '../webhooks/notification-routes.ts';
import { checkHost } from '../access/check-host.ts';
import { checkOrigin } from '../access/check-origin.ts';
import type { ClientAccess } from '../access/client-access.ts';
import { allowOrigins } from '../access/cors.ts';
import { createDocsRoutes } from '../docs/docs-page.ts';
import { apiOperations } from '../docs/openapi.ts';
import { createOpenApiRoutes } from '../docs/openapi-routes.ts';
import { createProblemRoutes } from '../docs/problem-routes.ts';
import type { BodyLimits } from './read-body.ts';
import { createRootRoutes } from '../docs/root-routes.ts';
import { createPlaces } from './places.ts';
import { createReadRoutes, type ReadOperations } from '../tasks/read-task.ts';
import { createStatsRoutes, type StatsOperations } from '../tasks/stats-routes.ts';
import { setSecurityHeaders } from '../access/security-headers.ts';
import { createTaskRoutes, type TaskOperations } from '../tasks/post-task.ts';
import { createTaskTypeRoutes } from '../tasks/task-types.ts';
import { refuseAtWrittenPaths, unmatched } from './unmatched.ts';

export interface ApiOptions extends BodyLimits, Omit<EventLimits, 'logger'> {
  operations: TaskOperations &
    ReadOperations &
    EventOperations &
    StatsOperations &
    ErasureOperations &
    NotificationOperations;
  taskTypes: ReadonlyMap<string, TaskType>;
  /** Put before the names of topics. */
  topicPrefix: string;
  /** Answers /healthz and /readyz, outside of logs, limits, metrics and the check of the host. */
  healthListener: RequestListener;
  /** The largest body of a batch. */
  maxBatchBodyBytes: number;
  logger: Logger;
  metrics: Registry;
  access: ClientAccess;
  /** Names that the API is served under without keys, besides localhost and addresses. */
  allowedHosts: readonly string[];
  /** Whose pages may call the API. */
  corsOrigins: readonly string[];
  accessLogLevel: AccessLogLevel;
  /** How many requests are served at once. */
  maxRequestsInFlight: number;
  /** The longest `Prefer: wait`, in seconds. */
  maxWaitS: number;
  /** How many requests wait at once because they prefer to. */
  maxWaitingRequests: number;
  /** How long one request to send webhooks again may take. */
  redeliverWaitMs: number;
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
  const router = createRouter(options);
  guardRoutes(router, apiOperations, options.access);
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

/** All routes. Each is an operation of the OpenAPI document. */
export function createRouter(options: ApiOptions): Router {
  const waits = { ...options, waitPlaces: createPlaces(options.maxWaitingRequests) };
  const routers = [
    createTaskRoutes(options.operations, waits),
    createReadRoutes(options.operations, waits),
    createEventRoutes(options.operations, options),
    createStatsRoutes(options.operations),
    createBatchRoutes(options.operations, options),
    createErasureRoutes(options.operations, options),
    createNotificationRoutes(options.operations, options),
    createTaskTypeRoutes(options.taskTypes),
    createRootRoutes(),
    createProblemRoutes(),
    createOpenApiRoutes(options.taskTypes, options.access),
    createAsyncApiRoutes(options.topicPrefix),
    createDocsRoutes(),
  ];
  // One for all: a request is matched once, not once for each of them.
  return new Router().use(...routers.map((router) => router.routes()));
}
