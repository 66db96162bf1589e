import { fileFault, pemFile, togetherFault } from './credential-rules.ts';
import { setting } from './kinds.ts';
import type { Settings, SettingsRule } from './load-settings.ts';

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
