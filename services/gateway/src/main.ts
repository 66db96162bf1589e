import { hostname } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { connectKafka, createEventCodec, createLogEnds, createProducer, partitionFor } from '@nask/kafka';
import { taskTypesWith, type TaskDocument } from '@nask/schemas';
import {
  createHealth,
  createHttpServer,
  createLogger,
  createMetrics,
  createOpsServer,
  createTracing,
  effectiveSettings,
  kafkaAccess,
  loadSettingsOrExit,
  mongoCredentials,
  opsRequestListener,
  registryAccess,
  runService,
} from '@nask/service';
import { answerClientError } from './adapters/http/answer-client-error.ts';
import { createApi } from './adapters/http/api.ts';
import { createIdLease } from './adapters/kafka/lease-ids.ts';
import { createCancellationPublisher } from './adapters/kafka/publish-cancellation.ts';
import { createRedeliveryPublisher } from './adapters/kafka/publish-redelivery.ts';
import { createTaskPublisher } from './adapters/kafka/publish-task.ts';
import { createRequestedLog } from './adapters/kafka/requested-log.ts';
import { createWriteSide } from './adapters/kafka/write-side.ts';
import { createReadStore } from './adapters/mongo/read-store.ts';
import { settingsRules, settingsTable } from './config.ts';
import { cancelTask } from './domain/cancel-task.ts';
import { createCheckpointWatch } from './domain/checkpoint-watch.ts';
import { createCoalescer } from './domain/coalescer.ts';
import { IdsWouldRepeatError, UnavailableError } from './domain/errors.ts';
import { findTask } from './domain/find-task.ts';
import { redeliverFailed } from './domain/redeliver-failed.ts';
import { createTaskIdSource } from './domain/task-id-source.ts';
import { createTaskRequestValidator } from './domain/task-request.ts';

const settings = loadSettingsOrExit({ service: 'gateway', table: settingsTable, rules: settingsRules });
const name = settings.GATEWAY_NAME ?? hostname();
const source = '/nask/gateway';
const deadlineMs = settings.PUBLISH_DEADLINE_MS;
const logger = createLogger({ service: 'gateway', level: settings.LOG_LEVEL, format: settings.LOG_FORMAT });
const metrics = createMetrics('gateway');
const tracing = await createTracing('gateway', settings);

const topicPrefix = settings.TOPIC_PREFIX;
const connection = connectKafka({ ...kafkaAccess(settings), clientId: `gateway-${name}`, logger });
const codec = createEventCodec({ ...registryAccess(settings), topicPrefix, logger });
const producer = createProducer({ connection, logger, metrics, deadlineMs });
const logEnds = createLogEnds(connection);
const store = createReadStore({
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
    codec,
    gateway: name,
    source,
    deadlineMs,
    highestStoredId: store.highestTaskId,
    logger,
  }),
  onFailure(err) {
    if (err instanceof IdsWouldRepeatError) exitFor(err);
    else logger.warn({ err }, 'no block of task ids could be leased');
  },
});
const writeSide = createWriteSide({ codec, ids, onFailure: exitFor });

/** How many documents one query reads at most: a result can have 209 KB. */
const maxTasksPerQuery = 100;
const tasks = createCoalescer<number, TaskDocument>(store.tasks, maxTasksPerQuery);
const checkpoints = createCheckpointWatch({
  read: (partitions) => store.checkpoints('tasks.requested', partitions),
  pause: () => sleep(settings.READ_POLL_INTERVAL_MS),
});
const finderPorts = {
  readTask: tasks.get,
  requestedLog: createRequestedLog(logEnds),
  partitionOf: (id: number, partitionCount: number) => partitionFor(String(id), partitionCount),
  projected: checkpoints.reached,
};

// The store is no part of readiness: without it tasks are accepted all the same, and no other gateway would do better.
const health = createHealth({
  live: {},
  ready: {
    producer: () => (producer.isHealthy() ? { ok: true } : { ok: false, reason: 'Kafka does not answer' }),
    [writeSide.name]: writeSide.readiness,
  },
});

const events = { producer, codec, source, deadlineMs, knowsSchemas: writeSide.knowsSchemas };
const publishTask = createTaskPublisher({ ...events, ids });
const publishCancellation = createCancellationPublisher(events);
const find = (id: number, startBound: () => AbortSignal) => findTask(finderPorts, id, startBound);
const redeliver = createRedeliveryPublisher(events);
const redeliverPorts = { failed: store.failedNotifications, request: redeliver };

const taskTypes = taskTypesWith(settings.TASK_TYPES_FOLDER);
const api = createApi({
  taskTypes,
  operations: {
    validate: createTaskRequestValidator(taskTypes),
    accept: (task, cause) =>
      tracing.span({ name: 'accept task', kind: 'server', traceparent: cause }, (traceparent) =>
        publishTask(task, traceparent),
      ),
    find,
    cancel: (id, traceparent, startBound) =>
      cancelTask(
        { find: () => find(id, startBound), requestCancellation: () => publishCancellation(id, traceparent) },
        id,
      ),
    list: store.page,
    redeliver,
    redeliverFailed: (selection, signal) =>
      redeliverFailed(redeliverPorts, selection, { maxTasks: settings.MAX_REDELIVERIES, signal }),
  },
  healthListener: opsRequestListener({ health, metrics }),
  logger,
  metrics,
  accessLogLevel: settings.ACCESS_LOG_LEVEL,
  maxBodyBytes: settings.MAX_BODY_BYTES,
  maxBatchBodyBytes: settings.MAX_BATCH_BODY_BYTES,
  bodyTimeoutMs: settings.BODY_TIMEOUT_MS,
  maxRequestsInFlight: settings.MAX_REQUESTS_IN_FLIGHT,
  readWaitMs: settings.READ_WAIT_MS,
  redeliverWaitMs: 60_000,
});

logger.info({ settings: effectiveSettings(settingsTable, settings) }, 'settings');
await runService({
  name: 'gateway',
  logger,
  health,
  graceMs: settings.SHUTDOWN_GRACE_MS,
  components: [
    createOpsServer({ host: settings.OPS_HOST, port: settings.OPS_PORT, health, metrics }),
    tracing.component,
    { name: 'store', stop: () => store.close() },
    { name: 'log ends', stop: () => logEnds.stop() },
    { name: 'producer', start: () => producer.start(), stop: () => producer.stop() },
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
      onClientError: answerClientError,
      // As long as a request may take.
      drainTimeoutMs: settings.BODY_TIMEOUT_MS + deadlineMs,
    }),
    {
      name: 'waiting reads',
      stop: async () =>
        checkpoints.close(
          new UnavailableError('STOPPING', 'The gateway is stopping. Whether the task exists is not known yet.'),
        ),
    },
  ],
});
