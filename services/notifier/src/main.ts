import { setTimeout as sleep } from 'node:timers/promises';
import { connectKafka, createEventCodec, createParallelConsumer, createProducer } from '@nask/kafka';
import {
  createHealth,
  createLogger,
  createMetrics,
  createOpsServer,
  effectiveSettings,
  loadSettingsOrExit,
  runService,
} from '@nask/service';
import project from '../../../package.json' with { type: 'json' };
import { createHostResolver } from './adapters/host-resolver.ts';
import { createHttpSender } from './adapters/http-sender.ts';
import { createNotifierDeadLetters } from './adapters/notifier-dead-letters.ts';
import { createCompletionHandler } from './completion-handler.ts';
import { settingsRules, settingsTable } from './config.ts';
import { createAddressPolicy } from './domain/address-policy.ts';
import { createFirstCompletions } from './domain/first-completions.ts';
import { createHostSlots } from './domain/host-slots.ts';
import { createWebhookSigner } from './domain/webhook-signature.ts';
import { createNotifierMetrics } from './metrics.ts';
import { createWebhookDelivery } from './webhook-delivery.ts';

const settings = loadSettingsOrExit({ service: 'notifier', table: settingsTable, rules: settingsRules });
const logger = createLogger({ service: 'notifier', level: settings.LOG_LEVEL, format: settings.LOG_FORMAT });
const metrics = createMetrics('notifier');

const topicPrefix = settings.TOPIC_PREFIX;
const connection = connectKafka({ brokers: settings.KAFKA_BROKERS, clientId: 'notifier', topicPrefix, logger });
const codec = createEventCodec({ registryUrl: settings.SCHEMA_REGISTRY_URL, topicPrefix, logger });
const producer = createProducer({ connection, logger, metrics });

const signer = createWebhookSigner(settings.WEBHOOK_SECRETS);
const slots = createHostSlots({
  maxRunning: settings.NOTIFIER_MAX_IN_FLIGHT,
  maxRunningPerHost: settings.NOTIFIER_MAX_IN_FLIGHT_PER_HOST,
});
const sender = createHttpSender({
  policy: createAddressPolicy(settings.WEBHOOK_ALLOWED_NETWORKS),
  resolve: createHostResolver(),
  userAgent: `nask-task/${project.version}`,
  timeoutMs: settings.NOTIFY_TIMEOUT_MS,
  connectTimeoutMs: settings.NOTIFY_CONNECT_TIMEOUT_MS,
  maxAnswerBytes: settings.NOTIFY_MAX_ANSWER_BYTES,
  connectionsPerOrigin: settings.NOTIFIER_MAX_IN_FLIGHT_PER_HOST,
  maxOrigins: settings.NOTIFIER_MAX_ORIGINS,
  now: Date.now,
});
const notifierMetrics = createNotifierMetrics(metrics, slots);
const deliver = createWebhookDelivery({
  sender,
  signer,
  slots,
  retryPolicy: {
    delaysMs: settings.NOTIFY_RETRY_DELAYS_MS.map(Number),
    maxRejectedAttempts: settings.NOTIFY_MAX_REJECTED_ATTEMPTS,
    maxRetryAfterMs: settings.NOTIFY_MAX_RETRY_AFTER_MS,
  },
  metrics: notifierMetrics,
  logger,
  chance: {
    now: Date.now,
    random: Math.random,
    sleep: (delayMs, signal) => sleep(delayMs, undefined, { signal }),
  },
});
const consumer = createParallelConsumer({
  connection,
  groupId: `${topicPrefix}notifier`,
  sessionTimeoutMs: settings.KAFKA_SESSION_TIMEOUT_MS,
  topics: ['tasks.completed'],
  handler: createCompletionHandler({
    decode: (value) => codec.decode('tasks.completed', value),
    completions: createFirstCompletions(settings.NOTIFIER_MAX_REMEMBERED),
    deliver,
    metrics: notifierMetrics,
  }),
  maxInFlight: settings.NOTIFIER_MAX_HELD,
  deadLetters: createNotifierDeadLetters(producer),
  logger,
  metrics,
});

const consuming = (aspect: 'live' | 'ready') => () => {
  const { [aspect]: ok, reason } = consumer.health();
  return { ok, reason: ok ? undefined : reason };
};
const health = createHealth({ live: { consumer: consuming('live') }, ready: { consumer: consuming('ready') } });

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
    { name: 'producer of dead letters', start: () => producer.start(), stop: () => producer.stop() },
    { name: 'event codec', start: ({ signal }) => codec.start({ signal }) },
    { name: 'connections to receivers', stop: () => sender.close() },
    {
      name: 'consumer of completed tasks',
      start: () => consumer.start(),
      stop: () => consumer.stop({ drainTimeoutMs: 0 }),
    },
    {
      // What only waits is handed back at once: the next owner of its partition delivers it.
      name: 'running requests',
      stop: ({ graceMs }) => Promise.race([slots.close(), sleep(Math.max(graceMs / 2, graceMs - leaveMs))]),
    },
  ],
});
