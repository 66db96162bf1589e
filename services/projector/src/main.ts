import {
  connectKafka,
  createDeadLetters,
  createParallelConsumer,
  createProducer,
  createTopicIds,
  DeadLetterError,
  type ParallelConsumer,
} from '@nask/kafka';
import { createEventCodec } from '@nask/task-log';
import { deadLetterTopic, topicsReadBy } from '@nask/schemas';
import {
  check,
  checksOf,
  createHealth,
  createLogger,
  createMetrics,
  createOpsServer,
  effectiveSettings,
  kafkaAccess,
  loadSettingsOrExit,
  mongoCredentials,
  registryAccess,
  runService,
} from '@nask/service';
import { createGenerations } from './read-model/generations.ts';
import { createLagWriter } from './positions/lag-writer.ts';
import { repeated } from './repeated.ts';
import { connectStore } from './read-model/mongodb.ts';
import { daysMs, settingsRules, settingsTable } from './config.ts';
import { createGenerationRunner } from './read-model/live-generation.ts';
import { createProjectorMetrics } from './metrics.ts';
import { openReadModel, projectorGroup, type ReadModel } from './read-model/read-model.ts';

const settings = loadSettingsOrExit({ service: 'projector', table: settingsTable, rules: settingsRules });
const logger = createLogger({ service: 'projector', level: settings.LOG_LEVEL, format: settings.LOG_FORMAT });
const metrics = createMetrics('projector');

const topicPrefix = settings.TOPIC_PREFIX;
const connection = connectKafka({ ...kafkaAccess(settings), clientId: 'projector', logger });
const codec = createEventCodec({ ...registryAccess(settings), topicPrefix, logger });
const producer = createProducer({ connection, logger, metrics });
const topicIds = createTopicIds(connection);
const deadLetters = createDeadLetters({ producer, topic: deadLetterTopic('projector') });

const store = connectStore({
  url: settings.MONGODB_URL,
  credentials: mongoCredentials(settings),
  database: settings.MONGODB_DATABASE,
  operationTimeoutMs: settings.MONGODB_TIMEOUT_MS,
  logger,
});
const projectorMetrics = createProjectorMetrics(metrics);
/** How often it is asked whether topics are still those that they were. */
const topicRecheckIntervalMs = 5_000;
let readModel: ReadModel | undefined;

function createConsumer(generation: number): ParallelConsumer {
  const retentionMs = daysMs(settings.RETENTION_DAYS);
  const model = openReadModel({
    db: store.db,
    generation,
    retentionMs,
    codec,
    topicIds,
    metrics: projectorMetrics,
    logger,
  });
  readModel = model;
  return createParallelConsumer({
    connection,
    groupId: projectorGroup(topicPrefix),
    sessionTimeoutMs: settings.KAFKA_SESSION_TIMEOUT_MS,
    topics: topicsReadBy('projector'),
    batchHandler: (records) =>
      model.project(records, (record, reason) => deadLetters.publish(record, new DeadLetterError(reason, { record }))),
    maxBatchRecords: settings.PROJECTOR_MAX_BATCH_EVENTS,
    maxBatchBytes: settings.PROJECTOR_MAX_BATCH_BYTES,
    loadPositions: (assigned) => model.loadPositions(assigned),
    deadLetters,
    logger,
    metrics,
  });
}
const runner = createGenerationRunner({ live: () => createGenerations(store.db).live(), createConsumer, logger });

const consuming = checksOf(() => runner.health());
const health = createHealth({
  live: { consumer: consuming.live },
  ready: {
    consumer: consuming.ready,
    positions: () => ({ ok: readModel?.fault() === undefined, reason: readModel?.fault() }),
    store: check(() => store.isWritable(), 'MongoDB takes no writes'),
  },
});

logger.info({ settings: effectiveSettings(settingsTable, settings) }, 'settings');
await runService({
  name: 'projector',
  logger,
  health,
  graceMs: settings.SHUTDOWN_GRACE_MS,
  components: [
    createOpsServer({ host: settings.OPS_HOST, port: settings.OPS_PORT, health, metrics }),
    { name: 'store', stop: () => store.close() },
    { name: 'producer of dead letters', start: () => producer.start(), stop: () => producer.stop() },
    { name: 'event codec', start: ({ signal }) => codec.start({ signal }) },
    { name: 'topic ids', stop: () => topicIds.stop() },
    runner,
    repeated({
      name: 'topic rechecks',
      intervalMs: topicRecheckIntervalMs,
      run: async () => readModel?.recheckTopics(),
      // The next time has to do: while Kafka does not answer, nothing can be read of it.
      onFailure: (err) => logger.debug({ err }, 'the topics could not be compared'),
    }),
    createLagWriter({ db: store.db, lag: () => runner.lag(), logger }),
  ],
});
