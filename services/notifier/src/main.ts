import { hostname } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { connectKafka, createLogEnds, createLogReader, createParallelConsumer, createProducer } from '@nask/kafka';
import { createEventCodec } from '@nask/task-log';
import {
  checksOf,
  createHealth,
  createLogger,
  createMetrics,
  createOpsServer,
  createTracing,
  effectiveSettings,
  kafkaAccess,
  loadSettingsOrExit,
  productVersion,
  registryAccess,
  runService,
  tracedHandler,
} from '@nask/service';
import { createHostResolver } from './sending/guarded-connector.ts';
import { createHttpSender } from './sending/http-sender.ts';
import { createNotificationLog, createNotifierDeadLetters } from './delivery/notification-log.ts';
import { createCompletionHandler } from './on-task-completed.ts';
import { settingsRules, settingsTable } from './config.ts';
import { createAddressPolicy } from './sending/address-policy.rules.ts';
import { createDeliveryMemory } from './memory/delivery-memory.ts';
import { createHostGate } from './hosts/host-gate.ts';
import { retryDueMs, retryTopics } from './delivery/retries.rules.ts';
import { createWebhookSigner } from './signing/webhook-signature.rules.ts';
import { createMemoryRebuild } from './memory/memory-rebuild.ts';
import { createNotifierMetrics } from './metrics.ts';
import { createRedeliveryHandler } from './on-redelivery-requested.ts';
import { createWebhookDelivery } from './delivery/webhook-delivery.ts';

const settings = loadSettingsOrExit({ service: 'notifier', table: settingsTable, rules: settingsRules });
const logger = createLogger({ service: 'notifier', level: settings.LOG_LEVEL, format: settings.LOG_FORMAT });
const metrics = createMetrics('notifier');
const tracing = await createTracing('notifier', settings);

const topicPrefix = settings.TOPIC_PREFIX;
const connection = connectKafka({ ...kafkaAccess(settings), clientId: 'notifier', logger });
const codec = createEventCodec({ ...registryAccess(settings), topicPrefix, logger });
const producer = createProducer({ connection, logger, metrics });

/** A host's line in memory is as long as twice the shortest delay: it stays busy until what was put back returns. */
const lineDelays = 2;

const name = settings.NOTIFIER_NAME ?? hostname();
const signer = createWebhookSigner(settings.WEBHOOK_SECRETS);
const gate = createHostGate({
  maxRunning: settings.NOTIFIER_MAX_IN_FLIGHT,
  maxLimit: settings.NOTIFIER_MAX_IN_FLIGHT_PER_HOST,
  maxStillMs: settings.NOTIFIER_HOST_STILL_MS,
  maxLineMs: lineDelays * Number(settings.NOTIFY_RETRY_DELAYS_MS[0]),
  maxFailures: settings.NOTIFIER_BREAKER_FAILURES,
  openMs: settings.NOTIFIER_BREAKER_OPEN_MS,
  clock: {
    nowMs: Date.now,
    after(delayMs, task) {
      const timer = setTimeout(task, delayMs);
      return () => clearTimeout(timer);
    },
  },
});
const sender = createHttpSender({
  policy: createAddressPolicy(settings.WEBHOOK_ALLOWED_NETWORKS),
  resolve: createHostResolver(),
  userAgent: `nask-task/${productVersion}`,
  timeoutMs: settings.NOTIFY_TIMEOUT_MS,
  connectTimeoutMs: settings.NOTIFY_CONNECT_TIMEOUT_MS,
  keepAnswerBytes: settings.NOTIFY_KEEP_ANSWER_BYTES,
  connectionsPerOrigin: settings.NOTIFIER_MAX_IN_FLIGHT_PER_HOST,
  nowMs: Date.now,
});
const notifierMetrics = createNotifierMetrics(metrics, gate);
const memory = createDeliveryMemory(settings.NOTIFIER_MAX_REMEMBERED);
const logEnds = createLogEnds(connection, { timeoutMs: 4_000 });
const reader = createLogReader(connection);
const rebuild = createMemoryRebuild({
  reader,
  logEnds,
  codec,
  memory,
  maxRecords: settings.NOTIFIER_REBUILD_RECORDS,
  logger,
});
const deadLetters = createNotifierDeadLetters(producer);
const retryPolicy = {
  tierDelaysMs: settings.NOTIFY_RETRY_DELAYS_MS.map(Number),
  maxAttempts: settings.NOTIFY_MAX_ATTEMPTS,
  maxRejectedAttempts: settings.NOTIFY_MAX_REJECTED_ATTEMPTS,
};
const delivery = createWebhookDelivery({
  sender,
  signer,
  gate,
  log: createNotificationLog({ producer, codec, deadLetters, source: '/nask/notifier', logger }),
  memory,
  retryPolicy,
  maxAgeMs: settings.NOTIFY_GIVE_UP_AFTER_MS,
  notifier: name,
  metrics: notifierMetrics,
  logger,
  nowMs: Date.now,
  random: Math.random,
});
const { completed, retried } = createCompletionHandler({
  decode: (value) => codec.decode('tasks.completed', value),
  memory,
  delivery,
  metrics: notifierMetrics,
});
const redeliveryRequested = createRedeliveryHandler({
  decode: (value) => codec.decode('notifications.redelivery-requested', value),
  encode: (event) => codec.encode('tasks.completed', event),
  memory,
  delivery,
  metrics: notifierMetrics,
});
const handlerOf: Readonly<Record<string, typeof completed>> = {
  'tasks.completed': tracedHandler(tracing, 'deliver webhook', completed),
  'notifications.redelivery-requested': redeliveryRequested,
  ...Object.fromEntries(retryTopics.map((topic) => [topic, tracedHandler(tracing, 'deliver webhook again', retried)])),
};
const consumer = createParallelConsumer({
  connection,
  groupId: `${topicPrefix}notifier`,
  sessionTimeoutMs: settings.KAFKA_SESSION_TIMEOUT_MS,
  topics: Object.keys(handlerOf),
  handler: (record, context) => handlerOf[record.topic]!(record, context),
  notBefore: (record) => retryDueMs(retryPolicy, record, Date.now()),
  maxInFlight: settings.NOTIFIER_MAX_HELD,
  onAssigned: (assigned) => rebuild.assigned(assigned),
  onRevoked: (revoked) => rebuild.revoked(revoked),
  deadLetters,
  logger,
  metrics,
});

const consuming = checksOf(() => consumer.health());
const health = createHealth({ live: { consumer: consuming.live }, ready: { consumer: consuming.ready } });

/** Of the grace period, what the last commit and leaving the group need after the running requests have ended. */
const leaveMs = 5_000;

logger.info({ settings: effectiveSettings(settingsTable, settings) }, 'settings');
if (!signer.signs) logger.warn('webhooks are not signed: no WEBHOOK_SECRETS are set, so receivers cannot verify them');
await runService({
  name: 'notifier',
  logger,
  health,
  graceMs: settings.SHUTDOWN_GRACE_MS,
  components: [
    createOpsServer({ host: settings.OPS_HOST, port: settings.OPS_PORT, health, metrics }),
    tracing.component,
    { name: 'log ends', stop: () => logEnds.stop() },
    { name: 'log reader', stop: () => reader.stop() },
    { name: 'producer', start: () => producer.start(), stop: () => producer.stop() },
    { name: 'event codec', start: ({ signal }) => codec.start({ signal }) },
    { name: 'connections to receivers', stop: () => sender.close() },
    {
      name: 'consumer of outcomes',
      start: () => consumer.start(),
      stop: () => consumer.stop({ drainTimeoutMs: 0 }),
    },
    {
      // What waits is handed back at once: the next owner of its partition delivers it.
      name: 'running requests',
      stop: ({ graceMs }) => Promise.race([delivery.close(), sleep(Math.max(graceMs / 2, graceMs - leaveMs))]),
    },
  ],
});
