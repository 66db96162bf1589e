import {
  connectKafka,
  createDeadLetters,
  createEventCodec,
  createParallelConsumer,
  createProducer,
  DeadLetterError,
} from '@nask/kafka';
import { deadLetterTopic, taskEventsCollection, topicsReadBy } from '@nask/schemas';
import {
  createHealth,
  createLogger,
  createMetrics,
  createOpsServer,
  effectiveSettings,
  loadSettingsOrExit,
  runService,
} from '@nask/service';
import { createCheckpoints } from './adapters/checkpoints.ts';
import { ensureIndexes } from './adapters/indexes.ts';
import { createLagWriter } from './adapters/lag-writer.ts';
import { connectStore } from './adapters/store-connection.ts';
import { createTaskHistory } from './adapters/task-history.ts';
import { createTaskStore } from './adapters/task-store.ts';
import { settingsTable } from './config.ts';
import { createProjectorMetrics } from './metrics.ts';
import { createPositions } from './positions.ts';
import { createProjection } from './projection.ts';

const settings = loadSettingsOrExit({ service: 'projector', table: settingsTable });
const logger = createLogger({ service: 'projector', level: settings.LOG_LEVEL, format: settings.LOG_FORMAT });
const metrics = createMetrics('projector');

const topicPrefix = settings.TOPIC_PREFIX;
const connection = connectKafka({ brokers: settings.KAFKA_BROKERS, clientId: 'projector', topicPrefix, logger });
const codec = createEventCodec({ registryUrl: settings.SCHEMA_REGISTRY_URL, topicPrefix, logger });
const producer = createProducer({ connection, logger, metrics });
const deadLetters = createDeadLetters({ producer, topic: deadLetterTopic('projector') });

const store = connectStore({
  url: settings.MONGODB_URL,
  database: settings.MONGODB_DATABASE,
  operationTimeoutMs: settings.MONGODB_TIMEOUT_MS,
});
const checkpoints = createCheckpoints(store.db);
const positions = createPositions({ checkpoints, database: settings.MONGODB_DATABASE, logger });
const project = createProjection({
  codec,
  store: createTaskStore(store.db),
  history: createTaskHistory(store.db, taskEventsCollection),
  checkpoints,
  metrics: createProjectorMetrics(metrics),
});
const consumer = createParallelConsumer({
  connection,
  groupId: `${topicPrefix}projector`,
  sessionTimeoutMs: settings.KAFKA_SESSION_TIMEOUT_MS,
  topics: topicsReadBy('projector'),
  batchHandler: (records) =>
    project(records, (record, reason) => deadLetters.publish(record, new DeadLetterError(reason, { record }))),
  maxBatchRecords: settings.PROJECTOR_MAX_BATCH_EVENTS,
  maxBatchBytes: settings.PROJECTOR_MAX_BATCH_BYTES,
  async loadPositions(assigned) {
    await ensureIndexes(store.db);
    return positions.load(assigned);
  },
  deadLetters,
  logger,
  metrics,
});

const consuming = (aspect: 'live' | 'ready') => () => {
  const { [aspect]: ok, reason } = consumer.health();
  return { ok, reason: ok ? undefined : reason };
};
const health = createHealth({
  live: { consumer: consuming('live') },
  ready: {
    consumer: consuming('ready'),
    positions: () => ({ ok: positions.fault() === undefined, reason: positions.fault() }),
    store: () => ({ ok: store.isWritable(), reason: store.isWritable() ? undefined : 'MongoDB takes no writes' }),
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
    {
      name: 'consumer of task events',
      start: () => consumer.start(),
      stop: ({ graceMs }) => consumer.stop({ drainTimeoutMs: graceMs / 2 }),
    },
    createLagWriter({ db: store.db, lag: () => consumer.lag(), logger }),
  ],
});
