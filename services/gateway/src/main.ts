import { hostname } from 'node:os';
import { createLogEnds, createLogTail } from '@nask/kafka';
import { taskTypesWith, topicsReadBy } from '@nask/schemas';
import {
  check,
  createHealth,
  createHttpServer,
  mongoCredentials,
  openService,
  opsRequestListener,
} from '@nask/service';
import { connectMongo } from '@nask/service/mongo';
import { openTaskLog } from '@nask/task-log';
import { apiKeyOf } from './access/api-keys.rules.ts';
import { createClientAccess } from './access/client-access.ts';
import { createRateLimit } from './access/rate-limit.ts';
import { settingsRules, settingsTable } from './config.ts';
import { IdsWouldRepeatError } from './errors.ts';
import { answerClientError } from './http/answer-client-error.ts';
import { createApi } from './http/api.ts';
import { createIdempotencyKeys } from './idempotency/key-store.ts';
import { createReadSide } from './read-model/read-side.ts';
import { createReadStore } from './read-model/read-store.ts';
import { createVersionSwitch } from './read-model/version-switch.ts';
import { createIdLease } from './task-ids/lease-ids.ts';
import { createTaskIdSource } from './task-ids/task-id-source.ts';
import { createTaskAcceptor } from './tasks/accept-task.ts';
import { createTaskCanceller } from './tasks/cancel-task.ts';
import { createTaskEraser } from './tasks/erase-task.ts';
import { createTaskRequestValidator } from './tasks/new-task.rules.ts';
import { parseTaskId } from './tasks/one-task.ts';
import { createFailedRedeliverer } from './webhooks/redeliver-failed.ts';
import { createRedeliverer } from './webhooks/redeliver-outcome.ts';
import { createEventWriter, createWriteSide } from './write-side.ts';

const service = await openService({ name: 'gateway', table: settingsTable, rules: settingsRules });
const { settings, logger, metrics, tracing } = service;
const name = settings.GATEWAY_NAME ?? hostname();
const deadlineMs = settings.PUBLISH_DEADLINE_MS;
const log = openTaskLog(service, { clientId: `gateway-${name}`, deadlineMs });
const { connection, producer, publisher } = log;
const logEnds = createLogEnds(connection);
const mongo = connectMongo(
  settings.MONGODB_URL,
  {
    ...mongoCredentials(settings),
    appName: 'nask-gateway',
    serverSelectionTimeoutMS: settings.MONGODB_TIMEOUT_MS,
  },
  logger,
);
const store = createReadStore({
  connection: mongo,
  database: settings.MONGODB_DATABASE,
  timeoutMs: settings.MONGODB_TIMEOUT_MS,
  logEnds,
  logger,
});
const versionSwitch = createVersionSwitch({
  db: mongo.client.db(settings.MONGODB_DATABASE),
  bound: () => ({ signal: AbortSignal.timeout(settings.MONGODB_TIMEOUT_MS) }),
  logger,
});
const idempotencyKeys = createIdempotencyKeys({
  url: settings.MONGODB_URL,
  credentials: mongoCredentials(settings),
  database: settings.MONGODB_DATABASE,
  timeoutMs: settings.MONGODB_TIMEOUT_MS,
  logger,
});

function exitFor(err: unknown): void {
  logger.fatal({ err }, 'no task can be accepted: exiting');
  process.exit(1);
}

const ids = createTaskIdSource({
  lease: createIdLease({
    producer,
    publisher,
    gateway: name,
    deadlineMs,
    highestStoredId: store.highestTaskId,
    logger,
  }),
  onFailure(err) {
    if (err instanceof IdsWouldRepeatError) exitFor(err);
    else logger.warn({ err }, 'no block of task ids could be leased');
  },
});
const writeSide = createWriteSide({ codec: log.codec, ids, onFailure: exitFor });

const readSide = createReadSide({
  store,
  logEnds,
  onWait: () => logTail.wake(),
});
const logTail = createLogTail({
  connection,
  topics: topicsReadBy('gateway'),
  isWanted: readSide.isAwaited,
  onRecord({ key, ...place }) {
    const taskId = parseTaskId(key ?? '');
    if (taskId !== undefined) readSide.written({ taskId, ...place });
  },
  logger,
});

const away = 'does not answer';
const health = createHealth({
  live: {},
  ready: { [writeSide.name]: writeSide.readiness, [versionSwitch.name]: versionSwitch.readiness },
  // Reads need no Kafka, writes need no store; and what one gateway cannot reach, another cannot either.
  dependencies: {
    kafka: check(() => producer.isHealthy(), away),
    store: check(() => store.isAnswering(), away),
  },
});

const events = { publisher, deadlineMs, knowsSchemas: writeSide.knowsSchemas };
const write = createEventWriter(events);
const acceptTask = createTaskAcceptor({
  ...events,
  ids,
  keys: idempotencyKeys,
  nowMs: Date.now,
  onMarkFailure: (err) => logger.warn({ err }, 'an idempotency key could not be marked'),
});
const redeliver = createRedeliverer(write);

const taskTypes = taskTypesWith(settings.TASK_TYPES_FOLDER);
const api = createApi({
  taskTypes,
  topicPrefix: settings.TOPIC_PREFIX,
  operations: {
    ...readSide,
    validate: createTaskRequestValidator(taskTypes),
    accept: (task, correlation, key) =>
      tracing.span({ name: 'accept task', kind: 'server', traceparent: correlation.traceparent }, (traceparent) =>
        acceptTask(task, { ...correlation, traceparent }, key),
      ),
    cancel: createTaskCanceller({ find: readSide.find, write }),
    erase: createTaskEraser({ find: readSide.find, reach: readSide.reach, write }),
    redeliver,
    redeliverFailed: createFailedRedeliverer({
      failed: store.failedNotifications,
      redeliver,
      maxTasks: settings.MAX_REDELIVERIES,
    }),
  },
  healthListener: opsRequestListener({ health, metrics }),
  logger,
  metrics,
  access: createClientAccess({
    keys: settings.API_KEYS.map(apiKeyOf),
    rateLimit: createRateLimit({ requests: settings.RATE_LIMIT_REQUESTS, windowS: settings.RATE_LIMIT_WINDOW_S }),
    nowMs: Date.now,
  }),
  allowedHosts: settings.ALLOWED_HOSTS,
  corsOrigins: settings.CORS_ORIGINS,
  accessLogLevel: settings.ACCESS_LOG_LEVEL,
  maxBodyBytes: settings.MAX_BODY_BYTES,
  maxBatchBodyBytes: settings.MAX_BATCH_BODY_BYTES,
  bodyTimeoutMs: settings.BODY_TIMEOUT_MS,
  maxRequestsInFlight: settings.MAX_REQUESTS_IN_FLIGHT,
  readWaitMs: settings.READ_WAIT_MS,
  maxWaitS: settings.MAX_WAIT_S,
  maxWaitingRequests: settings.MAX_WAITING_REQUESTS,
  maxEventStreams: settings.MAX_EVENT_STREAMS,
  heartbeatMs: 15_000,
  redeliverWaitMs: 60_000,
});

await service.run({
  health,
  components: [
    { name: 'store', stop: () => store.close() },
    versionSwitch,
    { name: 'idempotency keys', stop: () => idempotencyKeys.close() },
    { name: 'log ends', stop: () => logEnds.stop() },
    { name: 'log tail', start: () => logTail.start(), stop: () => logTail.stop() },
    log.components.producer,
    writeSide,
    createHttpServer({
      name: 'api',
      host: settings.HOST,
      port: settings.PORT,
      listener: api,
      maxConnections: settings.MAX_CONNECTIONS,
      headersTimeoutMs: settings.HEADERS_TIMEOUT_MS,
      // Bodies have a time-out of their own, which answers better.
      requestTimeoutMs: settings.HEADERS_TIMEOUT_MS + 2 * settings.BODY_TIMEOUT_MS,
      keepAliveTimeoutMs: settings.KEEP_ALIVE_TIMEOUT_MS,
      writeTimeoutMs: settings.WRITE_TIMEOUT_MS,
      onClientError: answerClientError(logger),
      // As long as a request may take.
      drainTimeoutMs: settings.BODY_TIMEOUT_MS + deadlineMs,
    }),
    readSide.waiting,
  ],
});
