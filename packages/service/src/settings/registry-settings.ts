import { togetherFault } from './credential-rules.ts';
import { setting } from './kinds.ts';
import type { Settings, SettingsRule } from './load-settings.ts';

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
