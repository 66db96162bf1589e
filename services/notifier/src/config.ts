import { consumerSettings, kafkaSettings, opsPort, opsSettings, setting, type SettingsRule } from '@nask/service';
import { createAddressPolicy } from './domain/address-policy.ts';
import { createWebhookSigner } from './domain/webhook-signature.ts';

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
      'Waits before the second attempt, the third and so on, in ms; then the webhook is given up. Each is lengthened by up to a tenth, at random.',
    default: ['1000', '5000'],
    maxItems: 10,
    itemPattern: /^\d{1,7}$/,
    itemName: 'whole numbers from 0 to 9999999',
  }),
  NOTIFY_MAX_RETRY_AFTER_MS: setting.durationMs({
    describe: 'A receiver that asks for a longer wait (Retry-After) is asked again after this.',
    default: 60_000,
    max: 3_600_000,
  }),
  NOTIFY_MAX_REJECTED_ATTEMPTS: setting.integer({
    describe: 'Attempts in all when the receiver rejects (3xx, or 4xx other than 410 and 429).',
    default: 2,
    min: 1,
    max: 10,
  }),
  NOTIFY_MAX_ANSWER_BYTES: setting.bytes({
    describe: 'How much of an answer is read; beyond it the connection is dropped. The status counts all the same.',
    default: 16_384,
    min: 1,
    max: 1_048_576,
  }),
  NOTIFIER_MAX_IN_FLIGHT: setting.integer({
    describe: 'Requests to receivers at once.',
    default: 256,
    min: 1,
    max: 10_000,
  }),
  NOTIFIER_MAX_IN_FLIGHT_PER_HOST: setting.integer({
    describe: 'Requests to one host at once, and connections kept to it.',
    default: 16,
    min: 1,
    max: 1_000,
  }),
  NOTIFIER_MAX_HELD: setting.integer({
    describe:
      'Outcomes in memory at once: under way, waiting for their host, or for their next attempt. At this number reading from Kafka pauses.',
    default: 2_000,
    min: 1,
    max: 100_000,
  }),
  NOTIFIER_MAX_ORIGINS: setting.integer({
    describe: 'Receivers (scheme, host, port) to which connections are kept.',
    default: 512,
    min: 1,
    max: 10_000,
  }),
  NOTIFIER_MAX_REMEMBERED: setting.integer({
    describe: 'Tasks whose outcome is remembered, so that a repeat of it is not sent.',
    default: 100_000,
    min: 1,
    max: 10_000_000,
  }),
  ...kafkaSettings,
  ...consumerSettings,
  ...opsSettings,
  OPS_PORT: opsPort(8003),
};

/** What must be right about several settings together, or needs more than a pattern. */
export const settingsRules: readonly SettingsRule<typeof settingsTable>[] = [
  ({ NOTIFY_CONNECT_TIMEOUT_MS: connectMs, NOTIFY_TIMEOUT_MS: totalMs }) =>
    connectMs > totalMs
      ? `NOTIFY_CONNECT_TIMEOUT_MS: expected at most NOTIFY_TIMEOUT_MS (${totalMs}), got ${connectMs}`
      : undefined,
  ({ NOTIFIER_MAX_IN_FLIGHT: requests, NOTIFIER_MAX_HELD: held }) =>
    requests > held
      ? `NOTIFIER_MAX_HELD: expected at least NOTIFIER_MAX_IN_FLIGHT (${requests}), got ${held}`
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
