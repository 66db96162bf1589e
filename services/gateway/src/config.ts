import { taskTypeFaults } from '@nask/schemas';
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
  taskTypeRule,
  taskTypeSettings,
  tracingSettings,
  type SettingsRule,
} from '@nask/service';
import { apiKeyFault } from './access/api-keys.rules.ts';
import { isLoopback } from './access/request-origin.rules.ts';

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
  MAX_WAIT_S: setting.integer({
    describe: 'The longest wait that a client can ask for with Prefer: wait; a longer one is shortened to it.',
    default: 60,
    min: 1,
    max: 3_600,
    unit: 's',
  }),
  MAX_WAITING_REQUESTS: setting.integer({
    describe: 'Requests with Prefer: wait that wait at once; those above it are answered without a wait.',
    default: 2_000,
    min: 1,
    max: 100_000,
  }),
  MAX_EVENT_STREAMS: setting.integer({
    describe: 'Streams of Server-Sent Events at once; what comes above it is answered 503.',
    default: 1_000,
    min: 1,
    max: 100_000,
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
  WRITE_TIMEOUT_MS: setting.durationMs({
    describe: 'How long a client may read nothing of an answer that is on its way; then it is cut off.',
    default: 30_000,
    min: 100,
    max: 600_000,
  }),
  KEEP_ALIVE_TIMEOUT_MS: setting.durationMs({
    describe: 'How long an idle connection is kept. Longer than the idle time of a load balancer before it.',
    default: 65_000,
    min: 0,
    max: 600_000,
  }),
  API_KEYS: setting.list({
    describe:
      'Keys of clients, each name:scopes:hash: scopes are read, write and admin, with + between them; the hash is the SHA-256 of the key in hexadecimal. None: everybody may do everything, and HOST has to be a loopback address.',
    default: [],
    maxItems: 1_000,
    itemFault: apiKeyFault,
    itemName: 'name:scopes:hash',
    secret: true,
  }),
  ALLOW_ANONYMOUS: setting.boolean({
    describe: 'Without API_KEYS, allow a HOST that other machines reach, and CORS_ORIGINS=*.',
    default: false,
  }),
  RATE_LIMIT_REQUESTS: setting.integer({
    describe:
      'Requests that one client with a key has in each RATE_LIMIT_WINDOW_S, at each gateway; beyond it the answer is 429.',
    default: 60_000,
    min: 1,
    max: 1_000_000_000,
  }),
  RATE_LIMIT_WINDOW_S: setting.integer({
    describe: 'How long the window is that requests are counted in.',
    unit: 's',
    default: 60,
    min: 1,
    max: 86_400,
  }),
  ALLOWED_HOSTS: setting.list({
    describe:
      'Host names that the API is served under without API_KEYS, besides localhost, *.localhost and IP addresses, which always are. Without ports. With API_KEYS any host is served.',
    default: [],
    itemPattern: /^[^\s:/?#@[\]\\*]+$/,
    itemName: 'host names',
    itemForm: hostAsSent,
  }),
  CORS_ORIGINS: setting.list({
    describe:
      'Origins whose pages may call the API, e.g. https://console.example.com; * is all of them, which without API_KEYS needs ALLOW_ANONYMOUS=true.',
    default: [],
    itemPattern: /^(\*|https?:\/\/[^\s/?#@\\]+)$/i,
    itemName: 'origins',
    itemForm: originAsSent,
  }),
  ACCESS_LOG_LEVEL: setting.oneOf(['info', 'debug', 'off'], {
    describe: 'Level of the log line that each request gets; off: none.',
    default: 'info',
  }),
};

/** A host name as browsers send it: in lower case, Unicode as Punycode. */
function hostAsSent(name: string): string | undefined {
  return URL.parse(`http://${name}`)?.hostname;
}

/** An origin as browsers send it: a host as hostAsSent, without the default port of its scheme. */
function originAsSent(origin: string): string | undefined {
  return origin === '*' ? origin : URL.parse(origin)?.origin;
}

/** What must be right about several settings together. */
export const settingsRules: readonly SettingsRule<typeof settingsTable>[] = [
  ...kafkaRules,
  ...registryRules,
  ...mongoRules,
  taskTypeRule(taskTypeFaults),
  ({ API_KEYS, HOST, ALLOW_ANONYMOUS }) =>
    API_KEYS.length > 0 || isLoopback(HOST) || ALLOW_ANONYMOUS
      ? undefined
      : `API_KEYS: none is set, so everybody who reaches HOST ${HOST} could do everything. Set API_KEYS, or a loopback HOST, or ALLOW_ANONYMOUS=true.`,
  ({ API_KEYS, CORS_ORIGINS, ALLOW_ANONYMOUS }) =>
    API_KEYS.length > 0 || !CORS_ORIGINS.includes('*') || ALLOW_ANONYMOUS
      ? undefined
      : 'CORS_ORIGINS: * without API_KEYS lets every web page do everything. Name the origins, or set API_KEYS, or ALLOW_ANONYMOUS=true.',
];
