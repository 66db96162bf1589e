import type { RequestListener } from 'node:http';
import Koa from 'koa';
import type { Registry } from 'prom-client';
import type { Logger } from '@nask/kafka';
import { answerErrors } from './answer-errors.ts';
import { inFlightLimit } from './in-flight-limit.ts';
import { observe, type AccessLogLevel } from './observe.ts';
import { createErasureRoutes, type ErasureOperations } from './erasure-routes.ts';
import { createNotificationRoutes, type NotificationOperations } from './notification-routes.ts';
import { createProblemRoutes } from './problem-routes.ts';
import type { BodyLimits } from './read-body.ts';
import { createTaskRoutes, type TaskOperations } from './task-routes.ts';
import { unmatched } from './unmatched.ts';

export interface ApiOptions extends BodyLimits {
  operations: TaskOperations & NotificationOperations & ErasureOperations;
  /** Answers /healthz and /readyz, outside of logs, limits and metrics. */
  healthListener: RequestListener;
  logger: Logger;
  metrics: Registry;
  accessLogLevel: AccessLogLevel;
  /** How many requests are served at once. */
  maxRequestsInFlight: number;
  /** How long a read waits for the read model. */
  readWaitMs: number;
  /** How long one request to send webhooks again may take. */
  redeliverWaitMs: number;
}

const healthPaths: ReadonlySet<string> = new Set(['/healthz', '/readyz']);

/** The HTTP API as a request listener: every answer has X-Request-Id, every error is a problem detail. */
export function createApi(options: ApiOptions): RequestListener {
  const { logger, metrics } = options;
  const app = new Koa();
  app.use(observe({ logger, level: options.accessLogLevel, metrics }));
  app.use(answerErrors(logger));
  app.use(inFlightLimit(options.maxRequestsInFlight));
  app.use(createTaskRoutes(options.operations, options).routes());
  app.use(createErasureRoutes(options.operations, options).routes());
  app.use(createNotificationRoutes(options.operations, options).routes());
  app.use(createProblemRoutes().routes());
  app.use(unmatched);
  // Answers that cannot be written any more: the client is gone, which is its right.
  app.on('error', (error: Error) => logger.debug({ err: error }, 'An answer could not be written'));
  const handle = app.callback();
  return (request, response) => {
    if (healthPaths.has(request.url ?? '')) options.healthListener(request, response);
    else void handle(request, response);
  };
}
