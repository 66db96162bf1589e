import { readFileSync } from 'node:fs';
import { fileFault, pemFile, togetherFault } from './credential-rules.ts';
import { setting } from './kinds.ts';
import type { Settings, SettingsRule } from './load-settings.ts';

/** For a service that reads from or writes to the log. */
export const kafkaSettings = {
  KAFKA_BROKERS: setting.list({
    describe: 'Kafka brokers to ask for the cluster.',
    default: ['127.0.0.1:9092'],
    minItems: 1,
    itemPattern: /^(\[[0-9a-f:.]+\]|[^\s:@/]+):\d{1,5}$/i,
    itemName: 'host:port',
  }),
  TOPIC_PREFIX: setting.string({
    describe: 'Put before the names of topics, so that several systems can share a cluster.',
    default: '',
    maxLength: 100,
    pattern: /^[A-Za-z0-9._-]*$/,
    patternName: 'letters, digits, dot, underscore, hyphen',
  }),
  KAFKA_TLS: setting.boolean({
    describe: 'Whether connections to Kafka are encrypted, and the brokers’ certificates checked.',
    default: false,
  }),
  KAFKA_TLS_CA_FILE: pemFile(
    'Certificates (PEM) of the authorities that sign the brokers’ certificates; those of Node unless set.',
  ),
  KAFKA_TLS_CERT_FILE: pemFile('Certificate (PEM) that this process shows to Kafka (mTLS).'),
  KAFKA_TLS_KEY_FILE: pemFile('Key (PEM) of that certificate.'),
  KAFKA_SASL_MECHANISM: setting.oneOf(['none', 'scram-sha-512', 'scram-sha-256', 'plain'], {
    describe: 'How this process says to Kafka who it is; plain only with KAFKA_TLS.',
    default: 'none',
  }),
  KAFKA_SASL_USERNAME: setting.string({ describe: 'Name for SASL.', optional: true, maxLength: 500 }),
  KAFKA_SASL_PASSWORD: setting.secret({ describe: 'Password for SASL.', optional: true, maxLength: 5_000 }),
};

type KafkaSettings = Settings<typeof kafkaSettings>;

/** What must be right about the settings of Kafka together. */
export const kafkaRules: readonly SettingsRule<typeof kafkaSettings>[] = [
  (settings) => togetherFault(settings, ['KAFKA_TLS_CERT_FILE', 'KAFKA_TLS_KEY_FILE']),
  (settings) => togetherFault(settings, ['KAFKA_SASL_USERNAME', 'KAFKA_SASL_PASSWORD']),
  ({ KAFKA_TLS: tls, KAFKA_TLS_CA_FILE: ca, KAFKA_TLS_CERT_FILE: cert }) =>
    !tls && (ca !== undefined || cert !== undefined)
      ? `KAFKA_TLS: expected true where ${ca === undefined ? 'KAFKA_TLS_CERT_FILE' : 'KAFKA_TLS_CA_FILE'} is set, got false`
      : undefined,
  ({ KAFKA_SASL_MECHANISM: mechanism, KAFKA_SASL_USERNAME: username }) =>
    (mechanism !== 'none') === (username !== undefined)
      ? undefined
      : `KAFKA_SASL_MECHANISM: expected ${mechanism === 'none' ? 'a mechanism where KAFKA_SASL_USERNAME is set' : 'KAFKA_SASL_USERNAME with it'}, got ${mechanism}`,
  ({ KAFKA_SASL_MECHANISM: mechanism, KAFKA_TLS: tls }) =>
    mechanism === 'plain' && !tls
      ? 'KAFKA_SASL_MECHANISM: expected scram-sha-512 or scram-sha-256 without KAFKA_TLS, got plain, which shows the password to whoever listens'
      : undefined,
  (settings) => fileFault(settings, ['KAFKA_TLS_CA_FILE', 'KAFKA_TLS_CERT_FILE', 'KAFKA_TLS_KEY_FILE']),
];

/** How to get into a Kafka cluster: part of the options of a connection. */
interface KafkaAccess {
  readonly brokers: readonly string[];
  readonly topicPrefix: string;
  /** Undefined: not encrypted. PEM texts. */
  readonly tls?: { readonly ca?: string; readonly cert?: string; readonly key?: string };
  /** Undefined: nobody is asked who he is, or the certificate says it. */
  readonly sasl?: {
    readonly mechanism: 'scram-sha-512' | 'scram-sha-256' | 'plain';
    readonly username: string;
    readonly password: string;
  };
}

/** What the settings say about it. The files are read now: a certificate that is renewed needs a new start. */
export function kafkaAccess(settings: KafkaSettings): KafkaAccess {
  const { KAFKA_SASL_MECHANISM: mechanism, KAFKA_SASL_USERNAME: username, KAFKA_SASL_PASSWORD: password } = settings;
  const text = (file: string | undefined) => (file === undefined ? undefined : readFileSync(file, 'utf8'));
  return {
    brokers: settings.KAFKA_BROKERS,
    topicPrefix: settings.TOPIC_PREFIX,
    tls: settings.KAFKA_TLS
      ? {
          ca: text(settings.KAFKA_TLS_CA_FILE),
          cert: text(settings.KAFKA_TLS_CERT_FILE),
          key: text(settings.KAFKA_TLS_KEY_FILE),
        }
      : undefined,
    sasl:
      mechanism === 'none' || username === undefined || password === undefined
        ? undefined
        : { mechanism, username, password },
  };
}
