import {
  consumerSettings,
  kafkaRules,
  kafkaSettings,
  opsPort,
  opsSettings,
  registryRules,
  registrySettings,
  setting,
  type SettingsRule,
  tracingSettings,
} from '@nask/service';
import { retryTierCount } from '@nask/schemas';
import { createAddressPolicy } from './sending/address-policy.rules.ts';
import { createWebhookSigner } from './signing/webhook-signature.rules.ts';

/** Every setting of the notifier. */
export const settingsTable = {
  WEBHOOK_SECRETS: setting.list({
    describe:
      'Secrets that webhooks are signed with (Standard Webhooks): each whsec_ and the base64 of 24 to 64 bytes. Several while receivers change from one to the next. None: webhooks are not signed.',
    secret: true,
    default: [],
    maxItems: 10,
    itemName: 'secrets',
  }),
  WEBHOOK_ALLOWED_NETWORKS: setting.list({
    describe: 'Networks in CIDR notation that webhooks may go to although they are not public, e.g. 10.1.0.0/16.',
    default: [],
    maxItems: 100,
    itemName: 'networks',
  }),
  NOTIFY_TIMEOUT_MS: setting.durationMs({
    describe: 'How long one attempt may take in all.',
    default: 15_000,
    min: 100,
    max: 300_000,
  }),
  NOTIFY_CONNECT_TIMEOUT_MS: setting.durationMs({
    describe: 'The part of an attempt that finding the address, connecting and TLS may take.',
    default: 5_000,
    min: 100,
    max: 300_000,
  }),
  NOTIFY_RETRY_DELAYS_MS: setting.list({
    describe:
      'Delays of the retry topics, in ms, ascending: the second attempt waits for the first of them and so on; the last one is repeated. Each is lengthened by up to a tenth, at random.',
    default: ['5000', '120000', '1800000', '21600000'],
    minItems: 1,
    maxItems: retryTierCount,
    itemPattern: /^\d{1,9}$/,
    itemName: 'whole numbers from 0 to 999999999',
  }),
  NOTIFY_MAX_ATTEMPTS: setting.integer({
    describe:
      'Attempts in all; then the webhook is given up. With the default delays the last one is a day after the first.',
    default: 8,
    min: 1,
    max: 100,
  }),
  NOTIFY_GIVE_UP_AFTER_MS: setting.durationMs({
    describe:
      'A webhook is given up so long after its first attempt was due, however often it was put back without one.',
    default: 172_800_000,
    min: 1_000,
  }),
  NOTIFY_MAX_REJECTED_ATTEMPTS: setting.integer({
    describe: 'Attempts in all when the receiver rejects (3xx, or 4xx other than 410 and 429).',
    default: 2,
    min: 1,
    max: 10,
  }),
  NOTIFY_KEEP_ANSWER_BYTES: setting.bytes({
    describe: 'How much of the beginning of an answer is kept in its event, for people. 0: nothing.',
    default: 512,
    max: 4_096,
  }),
  NOTIFIER_NAME: setting.string({
    describe: 'Name of this process in its events. Default: the host name.',
    optional: true,
    maxLength: 200,
  }),
  NOTIFIER_MAX_IN_FLIGHT: setting.integer({
    describe: 'Requests to receivers at once.',
    default: 1_024,
    min: 1,
    max: 10_000,
  }),
  NOTIFIER_MAX_IN_FLIGHT_PER_HOST: setting.integer({
    describe:
      'Requests to one host at once, and connections kept to it. A host begins with 2; each answer adds one, each failure halves.',
    default: 16,
    min: 1,
    max: 1_000,
  }),
  NOTIFIER_MAX_HELD: setting.integer({
    describe:
      'Webhooks in memory at once, of each topic: under way, or waiting for their host. At this number reading from it pauses.',
    default: 2_000,
    min: 1,
    max: 100_000,
  }),
  NOTIFIER_HOST_STILL_MS: setting.durationMs({
    describe:
      'A host at its limit where no request has ended for so long hangs: what waits for it is put back for the shortest delay. So is what its line would not get to within twice that delay.',
    default: 3_000,
    max: 60_000,
  }),
  NOTIFIER_BREAKER_FAILURES: setting.integer({
    describe:
      'After so many failures of a host in a row (5xx, 429, time-out, no connection) nothing is sent to it for a while.',
    default: 10,
    min: 1,
    max: 1_000,
  }),
  NOTIFIER_BREAKER_OPEN_MS: setting.durationMs({
    describe: 'For how long; then one request is let through to see.',
    default: 30_000,
    max: 3_600_000,
  }),
  NOTIFIER_MAX_REMEMBERED: setting.integer({
    describe: 'Tasks of which it is remembered what was sent, so that a repeat is not sent.',
    default: 300_000,
    min: 1,
    max: 10_000_000,
  }),
  NOTIFIER_REBUILD_RECORDS: setting.integer({
    describe:
      'So many of the last records of each partition of tasks.completed and notifications.attempted are read when it is assigned, to remember what was sent. All of them when the group has no offset.',
    default: 10_000,
    min: 0,
    max: 1_000_000,
  }),
  ...kafkaSettings,
  ...registrySettings,
  ...tracingSettings,
  ...consumerSettings,
  ...opsSettings,
  OPS_PORT: opsPort(8003),
};

/** What must be right about several settings together, or needs more than a pattern. */
export const settingsRules: readonly SettingsRule<typeof settingsTable>[] = [
  ...kafkaRules,
  ...registryRules,
  ({ NOTIFY_CONNECT_TIMEOUT_MS: connectMs, NOTIFY_TIMEOUT_MS: totalMs }) =>
    connectMs > totalMs
      ? `NOTIFY_CONNECT_TIMEOUT_MS: expected at most NOTIFY_TIMEOUT_MS (${totalMs}), got ${connectMs}`
      : undefined,
  ({ NOTIFIER_MAX_IN_FLIGHT: requests, NOTIFIER_MAX_HELD: held }) =>
    requests > held
      ? `NOTIFIER_MAX_HELD: expected at least NOTIFIER_MAX_IN_FLIGHT (${requests}), got ${held}`
      : undefined,
  ({ NOTIFY_RETRY_DELAYS_MS: delays }) =>
    delays.some((delay, index) => index > 0 && Number(delay) < Number(delays[index - 1]))
      ? `NOTIFY_RETRY_DELAYS_MS: expected delays that ascend, got ${delays.join(',')}`
      : undefined,
  ({ WEBHOOK_SECRETS: secrets }) => faultOf('WEBHOOK_SECRETS', () => createWebhookSigner(secrets)),
  ({ WEBHOOK_ALLOWED_NETWORKS: networks }) => faultOf('WEBHOOK_ALLOWED_NETWORKS', () => createAddressPolicy(networks)),
];

function faultOf(name: string, use: () => unknown): string | undefined {
  try {
    use();
    return undefined;
  } catch (error) {
    return `${name}: ${(error as Error).message}`;
  }
}
