import { availableParallelism, hostname } from 'node:os';
import { createDeadLetters, createLogReader, createParallelConsumer } from '@nask/kafka';
import { deadLetterTopic, taskTypesWith } from '@nask/schemas';
import { check, checksOf, createHealth, openService } from '@nask/service';
import { handleEvents, openTaskLog } from '@nask/task-log';
import { settingsRules, settingsTable } from './config.ts';
import { deferredUntilMs } from './deferral/deferral.rules.ts';
import { createRecordMoves } from './deferral/record-moves.ts';
import { createInlineLane, createWaitingLane } from './lanes/main-thread-lanes.ts';
import { createThreadLane, createWorkerPool } from './lanes/thread-lane.ts';
import { onCancellationRequested } from './on-cancellation-requested.ts';
import { maxDeferredInHand, onTaskDeferred } from './on-task-deferred.ts';
import { onTaskRequested } from './on-task-requested.ts';
import { PartitionRecovery } from './recovery/partition-recovery.ts';
import { TaskMemory } from './recovery/task-memory.ts';
import { handlerFolders, loadHandlersOrExit } from './task-types/load-handlers.ts';
import { createTaskEventLog } from './tasks/task-event-log.ts';
import { TaskExecutor } from './tasks/task-executor.ts';
import { createTaskMetrics } from './tasks/task-metrics.ts';
import { createTaskObserver } from './tasks/task-observer.ts';

const service = await openService({ name: 'executor', table: settingsTable, rules: settingsRules });
const { settings, logger, metrics, tracing } = service;
const name = settings.EXECUTOR_NAME ?? hostname();
const { connection, codec, producer, publisher, components } = openTaskLog(service, { clientId: `executor-${name}` });

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
const executor = new TaskExecutor({
  memory,
  types,
  lanes,
  log: createTaskEventLog(publisher, logger),
  observer: createTaskObserver(createTaskMetrics(metrics, types, lanes), logger, types),
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

const moves = createRecordMoves(publisher);
const handlers = handleEvents(
  {
    'tasks.requested': { span: 'run task', handle: onTaskRequested(executor, memory, moves) },
    'tasks.deferred': onTaskDeferred(executor, memory, types, moves),
    'tasks.cancellation-requested': onCancellationRequested(executor),
  },
  { codec, tracing },
);
const consumer = createParallelConsumer({
  connection,
  groupId: `${settings.TOPIC_PREFIX}executor`,
  sessionTimeoutMs: settings.KAFKA_SESSION_TIMEOUT_MS,
  maxMetadataLength: settings.KAFKA_MAX_COMMIT_METADATA,
  ...handlers,
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

/** Of the grace period, what leaving the group and the last events need after the tasks have ended. */
const leaveMs = 5_000;

await service.run({
  logged: { types: [...types.keys()] },
  health: createHealth({
    live: { consumer: consuming.live, threads },
    ready: {
      consumer: consuming.ready,
      producer: check(() => producer.isHealthy(), 'Kafka does not answer'),
      threads,
    },
  }),
  components: [
    { name: 'threads', stop: () => pool.stop() },
    components.producer,
    { name: 'log reader', stop: () => reader.stop() },
    components.codec,
    {
      name: 'consumer of requested tasks',
      start: () => consumer.start(),
      stop: () => consumer.stop({ drainTimeoutMs: 0 }),
    },
    { name: 'running tasks', stop: ({ graceMs }) => executor.drain(Math.max(graceMs / 2, graceMs - leaveMs)) },
  ],
});
