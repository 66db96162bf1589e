import {
  kafkaRules,
  kafkaSettings,
  mongoRules,
  mongoSettings,
  opsPort,
  opsSettings,
  registryRules,
  registrySettings,
  setting,
  type SettingsRule,
  taskTypeSettings,
  tracingSettings,
} from '@nask/service';

/** Every setting of the gateway. */
export const settingsTable = {
  HOST: setting.string({ describe: 'Address that the API listens on.', default: '127.0.0.1' }),
  PORT: setting.port({ describe: 'Port of the API.', default: 8000 }),
  ...opsSettings,
  OPS_PORT: opsPort(8001),
  GATEWAY_NAME: setting.string({
    describe: 'Name of this process in its leases of task ids; the host name unless set.',
    optional: true,
    maxLength: 200,
  }),
  ...taskTypeSettings,
  ...kafkaSettings,
  ...registrySettings,
  ...tracingSettings,
  ...mongoSettings,
  PUBLISH_DEADLINE_MS: setting.durationMs({
    describe: 'How long a POST may take to be acknowledged by Kafka; beyond it the answer is 503.',
    default: 5_000,
    min: 100,
    max: 60_000,
  }),
  READ_WAIT_MS: setting.durationMs({
    describe: 'How long a GET waits until the read model has what was accepted before it; beyond it the answer is 503.',
    default: 5_000,
    min: 0,
    max: 60_000,
  }),
  READ_POLL_INTERVAL_MS: setting.durationMs({
    describe: 'How often the checkpoints of the read model are read while a GET waits.',
    default: 20,
    min: 1,
    max: 1_000,
  }),
  MONGODB_TIMEOUT_MS: setting.durationMs({
    describe: 'How long one read of the store may take; beyond it the answer is 503.',
    default: 2_000,
    min: 100,
    max: 60_000,
  }),
  MAX_REDELIVERIES: setting.integer({
    describe:
      'Webhooks that one POST /api/notifications/redeliver sends again, at most; the answer says where to go on.',
    default: 10_000,
    min: 1,
    max: 1_000_000,
  }),
  MAX_BODY_BYTES: setting.bytes({
    describe: 'The largest body of a request.',
    default: 65_536,
    min: 1_024,
    max: 524_288,
  }),
  MAX_BATCH_BODY_BYTES: setting.bytes({
    describe: 'The largest body of a batch of tasks.',
    default: 1_048_576,
    min: 1_024,
    max: 16_777_216,
  }),
  MAX_CONNECTIONS: setting.integer({
    describe: 'Connections above it are closed at once.',
    default: 10_000,
    min: 1,
    max: 100_000,
  }),
  MAX_REQUESTS_IN_FLIGHT: setting.integer({
    describe: 'Requests served at once; what comes above it is answered 503.',
    default: 4_096,
    min: 1,
    max: 100_000,
  }),
  HEADERS_TIMEOUT_MS: setting.durationMs({
    describe: 'How long the headers of a request may take to arrive; beyond it the answer is 408.',
    default: 10_000,
    min: 100,
    max: 60_000,
  }),
  BODY_TIMEOUT_MS: setting.durationMs({
    describe: 'How long a body may take to arrive; beyond it the answer is 408.',
    default: 10_000,
    min: 100,
    max: 60_000,
  }),
  KEEP_ALIVE_TIMEOUT_MS: setting.durationMs({
    describe: 'How long an idle connection is kept. Longer than the idle time of a load balancer before it.',
    default: 65_000,
    min: 0,
    max: 600_000,
  }),
  ACCESS_LOG_LEVEL: setting.oneOf(['info', 'debug', 'off'], {
    describe: 'Level of the log line that each request gets; off: none.',
    default: 'info',
  }),
};

/** What must be right about several settings together. */
export const settingsRules: readonly SettingsRule<typeof settingsTable>[] = [
  ...kafkaRules,
  ...registryRules,
  ...mongoRules,
];
