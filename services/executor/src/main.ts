import { availableParallelism, hostname } from 'node:os';
import { connectKafka, createDeadLetters, createLogReader, createParallelConsumer, createProducer } from '@nask/kafka';
import { createEventCodec } from '@nask/task-log';
import { deadLetterTopic, taskTypesWith } from '@nask/schemas';
import {
  check,
  checksOf,
  createHealth,
  createLogger,
  createMetrics,
  createOpsServer,
  createTracing,
  effectiveSettings,
  kafkaAccess,
  loadSettingsOrExit,
  registryAccess,
  runService,
  tracedHandler,
} from '@nask/service';
import { handlerFolders, loadHandlersOrExit } from './task-types/load-handlers.ts';
import { createKafkaTaskEventLog } from './tasks/kafka-task-event-log.ts';
import { handleCancellation } from './on-cancellation-requested.ts';
import { createDeferTask, handleDeferredTask, maxDeferredInHand } from './on-task-deferred.ts';

import { PartitionRecovery } from './recovery/partition-recovery.ts';
import { createRecordWriter } from './tasks/record-writer.ts';
import { handleRequestedTask } from './on-task-requested.ts';
import { createTaskMetrics } from './tasks/task-metrics.ts';
import { createLimitedWarnings, createTaskObserver } from './tasks/task-observer.ts';
import { createWorkerPool } from './lanes/thread-lane.ts';
import { settingsRules, settingsTable } from './config.ts';
import { deferredUntilMs } from './deferral/deferral.rules.ts';
import { createInlineLane } from './lanes/main-thread-lanes.ts';
import { TaskExecutor } from './tasks/task-executor.ts';
import { TaskMemory } from './recovery/task-memory.ts';
import { createThreadLane } from './lanes/thread-lane.ts';
import { createWaitingLane } from './lanes/main-thread-lanes.ts';

const settings = loadSettingsOrExit({ service: 'executor', table: settingsTable, rules: settingsRules });
const name = settings.EXECUTOR_NAME ?? hostname();
const logger = createLogger({ service: 'executor', level: settings.LOG_LEVEL, format: settings.LOG_FORMAT });
const metrics = createMetrics('executor');
const tracing = await createTracing('executor', settings);

const topicPrefix = settings.TOPIC_PREFIX;
const connection = connectKafka({ ...kafkaAccess(settings), clientId: `executor-${name}`, logger });
const codec = createEventCodec({ ...registryAccess(settings), topicPrefix, logger });
const producer = createProducer({ connection, logger, metrics });

const ownTypes = settings.TASK_TYPES_FOLDER;
const types = await loadHandlersOrExit(handlerFolders(ownTypes), taskTypesWith(ownTypes));
const pool = createWorkerPool({
  threads: settings.EXECUTOR_THREADS ?? availableParallelism(),
  maxHeapMb: settings.EXECUTOR_THREAD_HEAP_MB,
  onError: (err) => logger.error({ err }, 'a thread that ran nothing failed'),
});
const lanes = {
  inline: createInlineLane(),
  waiting: createWaitingLane(settings.EXECUTOR_MAX_WAITING),
  thread: createThreadLane(pool, ({ type }) => types.get(type)!.file),
};
const memory = new TaskMemory();
const write = createRecordWriter(producer, logger);
const executor = new TaskExecutor({
  memory,
  types,
  lanes,
  log: createKafkaTaskEventLog({ write, producer, codec, source: '/nask/executor', logger }),
  observer: createTaskObserver(createTaskMetrics(metrics, types, lanes), logger, createLimitedWarnings(logger, types)),
  unknownTypeWaitMs: settings.EXECUTOR_UNKNOWN_TYPE_WAIT_MS,
  name,
});
const reader = createLogReader(connection);
const recovery = new PartitionRecovery({
  reader,
  codec,
  memory,
  maxDeferredMs: settings.EXECUTOR_UNKNOWN_TYPE_WAIT_MS,
  logger,
});
const handlers = {
  'tasks.requested': tracedHandler(
    tracing,
    'run task',
    handleRequestedTask(codec, executor, memory, createDeferTask(write)),
  ),
  'tasks.deferred': handleDeferredTask({ codec, executor, memory, types, write }),
  'tasks.cancellation-requested': handleCancellation(codec, executor),
};
const consumer = createParallelConsumer({
  connection,
  groupId: `${topicPrefix}executor`,
  sessionTimeoutMs: settings.KAFKA_SESSION_TIMEOUT_MS,
  maxMetadataLength: settings.KAFKA_MAX_COMMIT_METADATA,
  topics: Object.keys(handlers),
  handler: (record, context) => handlers[record.topic as keyof typeof handlers](record, context),
  notBefore: ({ topic, headers }) => (topic === 'tasks.deferred' ? deferredUntilMs(headers, Date.now()) : 0),
  onAssigned: (partitions) => recovery.assigned(partitions),
  onRevoked: (partitions) => recovery.revoked(partitions),
  maxInFlight: (topic) =>
    topic === 'tasks.deferred' ? maxDeferredInHand : settings.EXECUTOR_MAX_WAITING + settings.EXECUTOR_MAX_IN_LINE,
  deadLetters: createDeadLetters({ producer, topic: deadLetterTopic('executor') }),
  logger,
  metrics,
});

const threads = check(() => pool.threads() > 0, 'no thread is alive');
const consuming = checksOf(() => consumer.health());
const health = createHealth({
  live: { consumer: consuming.live, threads },
  ready: {
    consumer: consuming.ready,
    producer: check(() => producer.isHealthy(), 'Kafka does not answer'),
    threads,
  },
});

/** Of the grace period, what leaving the group and the last events need after the tasks have ended. */
const leaveMs = 5_000;

logger.info({ settings: effectiveSettings(settingsTable, settings), types: [...types.keys()] }, 'settings');
await runService({
  name: 'executor',
  logger,
  health,
  graceMs: settings.SHUTDOWN_GRACE_MS,
  components: [
    createOpsServer({ host: settings.OPS_HOST, port: settings.OPS_PORT, health, metrics }),
    tracing.component,
    { name: 'threads', stop: () => pool.stop() },
    { name: 'producer', start: () => producer.start(), stop: () => producer.stop() },
    { name: 'log reader', stop: () => reader.stop() },
    { name: 'event codec', start: ({ signal }) => codec.start({ signal }) },
    {
      name: 'consumer of requested tasks',
      start: () => consumer.start(),
      stop: () => consumer.stop({ drainTimeoutMs: 0 }),
    },
    { name: 'running tasks', stop: ({ graceMs }) => executor.drain(Math.max(graceMs / 2, graceMs - leaveMs)) },
  ],
});
