import {
  createDeadLetters,
  createParallelConsumer,
  createTopicIds,
  DeadLetterError,
  type ParallelConsumer,
} from '@nask/kafka';
import {
  collectionsOf,
  deadLetterTopic,
  firstGeneration,
  projectorGroupOf,
  readModelVersion,
  topicsReadBy,
} from '@nask/schemas';
import { check, checksOf, createHealth, openService } from '@nask/service';
import { openTaskLog } from '@nask/task-log';
import { openLogState } from './commands/context.ts';
import { daysMs, settingsRules, settingsTable } from './config.ts';
import { createProjectorMetrics } from './metrics.ts';
import { createCheckpoints } from './positions/checkpoints.ts';
import { createLagWriter } from './positions/lag.ts';
import { createFirstSwitch } from './read-model/first-switch.ts';
import { createGenerations } from './read-model/generations.ts';
import { consumeIntoLiveGeneration } from './read-model/live-generation.ts';
import { connectStore } from './read-model/store-connection.ts';
import { openReadModel, type ReadModel } from './read-model/read-model.ts';
import { repeated } from './repeated.ts';

const service = await openService({ name: 'projector', table: settingsTable, rules: settingsRules });
const { settings, logger, metrics } = service;
const { connection, codec, producer, components } = openTaskLog(service);
const topicIds = createTopicIds(connection);
const deadLetters = createDeadLetters({ producer, topic: deadLetterTopic('projector') });
const store = connectStore(settings, logger);
const generations = createGenerations(store.db);
const projectorMetrics = createProjectorMetrics(metrics);
let readModel: ReadModel | undefined;

function createConsumer(generation: number): ParallelConsumer {
  const model = openReadModel({
    db: store.db,
    generation,
    retentionMs: daysMs(settings.RETENTION_DAYS),
    codec,
    topicIds,
    metrics: projectorMetrics,
    logger,
  });
  readModel = model;
  return createParallelConsumer({
    connection,
    groupId: `${settings.TOPIC_PREFIX}${projectorGroupOf(readModelVersion)}`,
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
const consumer = consumeIntoLiveGeneration({ live: generations.live, createConsumer, logger });

const consuming = checksOf(() => consumer.health());
await service.run({
  health: createHealth({
    live: { consumer: consuming.live },
    ready: {
      consumer: consuming.ready,
      positions: () => ({ ok: readModel?.fault() === undefined, reason: readModel?.fault() }),
      store: check(() => store.isWritable(), 'MongoDB takes no writes'),
    },
  }),
  components: [
    { name: 'store', stop: () => store.close() },
    components.producer,
    components.codec,
    { name: 'topic ids', stop: () => topicIds.stop() },
    consumer,
    repeated({
      name: 'topic rechecks',
      intervalMs: 5_000,
      run: async () => readModel?.recheckTopics(),
      // The next recheck has to do: while Kafka does not answer, nothing can be read either.
      onFailure: (err) => logger.debug({ err }, 'the topics could not be compared'),
    }),
    createFirstSwitch({
      generations,
      log: openLogState(connection),
      checkpoints: createCheckpoints(store.db, collectionsOf(firstGeneration).checkpoints),
      logger,
    }),
    createLagWriter({ db: store.db, lag: () => consumer.lag(), logger }),
  ],
});
