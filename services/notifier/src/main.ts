import { hostname } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { systemClock } from '@nask/async';
import { createLogEnds, createLogReader, createParallelConsumer } from '@nask/kafka';
import type { RetryTopicName } from '@nask/schemas';
import { checksOf, createHealth, openService, productVersion } from '@nask/service';
import { handleEvents, openTaskLog, type EventHandlers } from '@nask/task-log';
import { settingsRules, settingsTable } from './config.ts';
import { createNotificationLog, createNotifierDeadLetters } from './delivery/notification-log.ts';
import { retryDueMs, retryTopics } from './delivery/retries.rules.ts';
import { createWebhookDelivery } from './delivery/webhook-delivery.ts';
import { createHostGate } from './hosts/host-gate.ts';
import { createDeliveryMemory } from './memory/delivery-memory.ts';
import { createMemoryRebuild } from './memory/memory-rebuild.ts';
import { createNotifierMetrics } from './metrics.ts';
import { onRedeliveryRequested } from './on-redelivery-requested.ts';
import { onRetryDue } from './on-retry-due.ts';
import { onTaskCompleted } from './on-task-completed.ts';
import { createAddressPolicy } from './sending/address-policy.rules.ts';
import { createHostResolver } from './sending/guarded-connector.ts';
import { createHttpSender } from './sending/http-sender.ts';
import { createWebhookSigner } from './signing/webhook-signature.rules.ts';

const service = await openService({ name: 'notifier', table: settingsTable, rules: settingsRules });
const { settings, logger } = service;
const log = openTaskLog(service);

/** A host's line in memory is as long as twice the shortest delay: it stays busy until what was put back returns. */
const lineDelays = 2;

const gate = createHostGate({
  maxRunning: settings.NOTIFIER_MAX_IN_FLIGHT,
  maxLimit: settings.NOTIFIER_MAX_IN_FLIGHT_PER_HOST,
  maxStillMs: settings.NOTIFIER_HOST_STILL_MS,
  maxLineMs: lineDelays * Number(settings.NOTIFY_RETRY_DELAYS_MS[0]),
  maxFailures: settings.NOTIFIER_BREAKER_FAILURES,
  openMs: settings.NOTIFIER_BREAKER_OPEN_MS,
  clock: systemClock,
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
const metrics = createNotifierMetrics(service.metrics, gate);
const memory = createDeliveryMemory(settings.NOTIFIER_MAX_REMEMBERED);
const logEnds = createLogEnds(log.connection, { timeoutMs: 4_000 });
const reader = createLogReader(log.connection);
const rebuild = createMemoryRebuild({
  reader,
  logEnds,
  codec: log.codec,
  memory,
  maxRecords: settings.NOTIFIER_REBUILD_RECORDS,
  logger,
});
const signer = createWebhookSigner(settings.WEBHOOK_SECRETS);
const deadLetters = createNotifierDeadLetters(log.producer);
const retryPolicy = {
  tierDelaysMs: settings.NOTIFY_RETRY_DELAYS_MS.map(Number),
  maxAttempts: settings.NOTIFY_MAX_ATTEMPTS,
  maxRejectedAttempts: settings.NOTIFY_MAX_REJECTED_ATTEMPTS,
};
const delivery = createWebhookDelivery({
  sender,
  signer,
  gate,
  log: createNotificationLog({ publisher: log.publisher, deadLetters }),
  memory,
  retryPolicy,
  maxAgeMs: settings.NOTIFY_GIVE_UP_AFTER_MS,
  notifier: settings.NOTIFIER_NAME ?? hostname(),
  metrics,
  logger,
  nowMs: Date.now,
  random: Math.random,
});

const parts = { memory, delivery, metrics };
const retryDue = { span: 'deliver webhook again', handle: onRetryDue(parts) };
const handlers: EventHandlers = {
  'tasks.completed': { span: 'deliver webhook', handle: onTaskCompleted(parts) },
  'notifications.redelivery-requested': onRedeliveryRequested({ ...parts, publisher: log.publisher }),
  ...(Object.fromEntries(retryTopics.map((topic) => [topic, retryDue])) as Record<RetryTopicName, typeof retryDue>),
};
const consumer = createParallelConsumer({
  connection: log.connection,
  groupId: `${settings.TOPIC_PREFIX}notifier`,
  sessionTimeoutMs: settings.KAFKA_SESSION_TIMEOUT_MS,
  ...handleEvents(handlers, { codec: log.codec, tracing: service.tracing }),
  notBefore: (record) => retryDueMs(retryPolicy, record, Date.now()),
  maxInFlight: settings.NOTIFIER_MAX_HELD,
  onAssigned: (assigned) => rebuild.assigned(assigned),
  onRevoked: (revoked) => rebuild.revoked(revoked),
  deadLetters,
  logger,
  metrics: service.metrics,
});

const consuming = checksOf(() => consumer.health());

/** Of the grace period, what the last commit and leaving the group need after the running requests have ended. */
const leaveMs = 5_000;

if (!signer.signs) logger.warn('webhooks are not signed: no WEBHOOK_SECRETS are set, so receivers cannot verify them');
await service.run({
  health: createHealth({ live: { consumer: consuming.live }, ready: { consumer: consuming.ready } }),
  components: [
    { name: 'log ends', stop: () => logEnds.stop() },
    { name: 'log reader', stop: () => reader.stop() },
    log.components.producer,
    log.components.codec,
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
