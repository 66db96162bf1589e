import { readFileSync } from 'node:fs';
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
  /** Undefined: no authentication, or by client certificate. */
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

/** For a service that reads or writes events. */
export const registrySettings = {
  SCHEMA_REGISTRY_URL: setting.url({
    describe: 'Schema registry with the Confluent API.',
    default: 'http://127.0.0.1:8081/apis/ccompat/v7',
    protocols: ['http:', 'https:'],
  }),
  SCHEMA_REGISTRY_USERNAME: setting.string({
    describe: 'Name for the registry (basic authentication).',
    optional: true,
    maxLength: 500,
    pattern: /^[^:]*$/,
    patternName: 'text without a colon',
  }),
  SCHEMA_REGISTRY_PASSWORD: setting.secret({
    describe: 'Password for the registry.',
    optional: true,
    maxLength: 5_000,
  }),
};

/** What must be right about the settings of the registry together. */
export const registryRules: readonly SettingsRule<typeof registrySettings>[] = [
  (settings) => togetherFault(settings, ['SCHEMA_REGISTRY_USERNAME', 'SCHEMA_REGISTRY_PASSWORD']),
];

/** Where the registry is and how to get in. */
interface RegistryAccess {
  readonly registryUrl: string;
  readonly auth?: { readonly username: string; readonly password: string };
}

/** What the settings say about it. */
export function registryAccess(settings: Settings<typeof registrySettings>): RegistryAccess {
  const { SCHEMA_REGISTRY_USERNAME: username, SCHEMA_REGISTRY_PASSWORD: password } = settings;
  const auth = username === undefined || password === undefined ? undefined : { username, password };
  return { registryUrl: settings.SCHEMA_REGISTRY_URL, auth };
}

/** For a service that reads or writes the read model. */
export const mongoSettings = {
  MONGODB_URL: setting.url({
    describe: 'Connection string of the read model’s database.',
    default: 'mongodb://127.0.0.1:27017',
    protocols: ['mongodb:', 'mongodb+srv:'],
    severalHosts: true,
  }),
  MONGODB_DATABASE: setting.string({
    describe: 'Name of the read model’s database.',
    default: 'nask',
    maxLength: 63,
    pattern: /^[A-Za-z0-9_-]+$/,
    patternName: 'letters, digits, underscore, hyphen',
  }),
  MONGODB_USERNAME: setting.string({
    describe: 'Name for MongoDB, instead of one in MONGODB_URL; authSource belongs in the URL.',
    optional: true,
    maxLength: 500,
  }),
  MONGODB_PASSWORD: setting.secret({ describe: 'Password for MongoDB.', optional: true, maxLength: 5_000 }),
  MONGODB_TLS: setting.boolean({
    describe: 'Whether connections to MongoDB are encrypted, and its certificate checked; mongodb+srv:// always is.',
    default: false,
  }),
  MONGODB_TLS_CA_FILE: pemFile(
    'Certificates (PEM) of the authorities that sign MongoDB’s certificate; those of Node unless set.',
  ),
  MONGODB_TLS_CERT_KEY_FILE: pemFile('Certificate and key (both PEM, in one file) that this process shows to MongoDB.'),
};

/** What must be right about the settings of MongoDB together. */
export const mongoRules: readonly SettingsRule<typeof mongoSettings>[] = [
  (settings) => togetherFault(settings, ['MONGODB_USERNAME', 'MONGODB_PASSWORD']),
  ({ MONGODB_URL: url, MONGODB_TLS: tls, MONGODB_TLS_CA_FILE: ca, MONGODB_TLS_CERT_KEY_FILE: cert }) =>
    !tls && !url.startsWith('mongodb+srv:') && (ca !== undefined || cert !== undefined)
      ? `MONGODB_TLS: expected true where ${ca === undefined ? 'MONGODB_TLS_CERT_KEY_FILE' : 'MONGODB_TLS_CA_FILE'} is set, got false`
      : undefined,
  (settings) => fileFault(settings, ['MONGODB_TLS_CA_FILE', 'MONGODB_TLS_CERT_KEY_FILE']),
];

/** How to get into MongoDB, under the names of its driver's options. */
export interface MongoCredentials {
  auth?: { username: string; password: string };
  tls?: true;
  tlsCAFile?: string;
  tlsCertificateKeyFile?: string;
}

/** What the settings say about it; options that are not set are not there, so that those of the URL count. */
export function mongoCredentials(settings: Settings<typeof mongoSettings>): MongoCredentials {
  const { MONGODB_USERNAME: username, MONGODB_PASSWORD: password } = settings;
  const credentials: MongoCredentials = {};
  if (username !== undefined && password !== undefined) credentials.auth = { username, password };
  if (settings.MONGODB_TLS) credentials.tls = true;
  if (settings.MONGODB_TLS_CA_FILE !== undefined) credentials.tlsCAFile = settings.MONGODB_TLS_CA_FILE;
  if (settings.MONGODB_TLS_CERT_KEY_FILE !== undefined)
    credentials.tlsCertificateKeyFile = settings.MONGODB_TLS_CERT_KEY_FILE;
  return credentials;
}

type Values = Readonly<Record<string, unknown>>;

/** A file with certificates or a key, by its absolute path. */
function pemFile(describe: string) {
  return setting.string({
    describe,
    optional: true,
    maxLength: 4_096,
    pattern: /^\//,
    patternName: 'an absolute path',
  });
}

/** Two settings that mean something only together: the fault when one of them is set alone. */
function togetherFault<Name extends string>(
  values: Readonly<Record<Name, unknown>>,
  [one, other]: readonly [Name, Name],
): string | undefined {
  if ((values[one] === undefined) === (values[other] === undefined)) return undefined;
  const [missing, given] = values[one] === undefined ? [one, other] : [other, one];
  return `${missing}: expected a value where ${given} is set, got nothing`;
}

/** The fault of the first of these files that cannot be read. */
function fileFault(values: Values, names: readonly string[]): string | undefined {
  for (const name of names) {
    const file = values[name];
    if (typeof file !== 'string') continue;
    try {
      readFileSync(file);
    } catch (error) {
      return `${name}: expected a file that can be read, got ${file} (${(error as NodeJS.ErrnoException).code})`;
    }
  }
  return undefined;
}
