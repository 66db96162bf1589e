import { join, resolve } from 'node:path';
import { cacheFolder, serverFolders, type ServerFolders, type ServiceName } from '@nask/dev-stack';
import {
  kafkaSettings,
  loadSettings,
  mongoSettings,
  setting,
  SettingsError,
  type Environment,
  type Settings,
} from '@nask/service';

const ports = {
  PORT: { what: 'the API', standard: 8000 },
  GATEWAY_OPS_PORT: { what: 'the gateway’s health and metrics', standard: 8001 },
  EXECUTOR_OPS_PORT: { what: 'the executor’s health and metrics', standard: 8002 },
  NOTIFIER_OPS_PORT: { what: 'the notifier’s health and metrics', standard: 8003 },
  PROJECTOR_OPS_PORT: { what: 'the projector’s health and metrics', standard: 8004 },
  LOCAL_KAFKA_PORT: { what: 'the local Kafka', standard: 19_092 },
  LOCAL_KAFKA_CONTROLLER_PORT: { what: 'the local Kafka’s controller', standard: 19_093 },
  LOCAL_REGISTRY_PORT: { what: 'the local schema registry', standard: 18_081 },
  LOCAL_STORE_PORT: { what: 'the local document store', standard: 17_017 },
};

function port({ what, standard }: { what: string; standard: number }) {
  return setting.port({ describe: `Port of ${what}, on 127.0.0.1.`, default: standard, min: 1 });
}

const serverSettings = {
  KAFKA_BROKERS: setting.list({
    describe: 'Kafka brokers to use instead of a local one.',
    optional: true,
    minItems: 1,
    itemPattern: /^(\[[0-9a-f:.]+\]|[^\s:@/]+):\d{1,5}$/i,
    itemName: 'host:port',
  }),
  SCHEMA_REGISTRY_URL: setting.url({
    describe: 'Schema registry (Confluent API) to use instead of a local one.',
    optional: true,
    protocols: ['http:', 'https:'],
  }),
  MONGODB_URL: setting.url({
    describe: 'MongoDB to use instead of a local document store.',
    optional: true,
    protocols: ['mongodb:', 'mongodb+srv:'],
    severalHosts: true,
  }),
};

const folderSettings = {
  NASK_DATA: setting.string({
    describe: 'Folder of the data, logs and pid files. Default: .local in this clone.',
    optional: true,
  }),
  NASK_CACHE: setting.string({
    describe: 'Folder of the downloaded servers, for all clones. Default: nask-task in the user’s cache folder.',
    optional: true,
  }),
};

/** Settings of every command: which servers, and where the data is. */
export const placeSettings = { ...serverSettings, ...folderSettings };

/** Every setting of `npm start`. */
export const settingsTable = {
  PORT: port(ports.PORT),
  GATEWAY_OPS_PORT: port(ports.GATEWAY_OPS_PORT),
  EXECUTOR_OPS_PORT: port(ports.EXECUTOR_OPS_PORT),
  NOTIFIER_OPS_PORT: port(ports.NOTIFIER_OPS_PORT),
  PROJECTOR_OPS_PORT: port(ports.PROJECTOR_OPS_PORT),
  LOCAL_KAFKA_PORT: port(ports.LOCAL_KAFKA_PORT),
  LOCAL_KAFKA_CONTROLLER_PORT: port(ports.LOCAL_KAFKA_CONTROLLER_PORT),
  LOCAL_REGISTRY_PORT: port(ports.LOCAL_REGISTRY_PORT),
  LOCAL_STORE_PORT: port(ports.LOCAL_STORE_PORT),
  ...serverSettings,
  MONGODB_DATABASE: mongoSettings.MONGODB_DATABASE,
  TOPIC_PREFIX: kafkaSettings.TOPIC_PREFIX,
  ...folderSettings,
};

export type PlaceSettings = Settings<typeof placeSettings>;
export type LocalSettings = Settings<typeof settingsTable>;

/**
 * Reads the settings of `npm start`.
 * @returns the settings, with the default in place of each that is wrong, so that the programs' settings can be checked
 *   beside them; and the faults
 */
export function readLocalSettings(env: Environment): { settings: LocalSettings; faults: readonly string[] } {
  try {
    return { settings: loadSettings(settingsTable, env), faults: [] };
  } catch (error) {
    if (!(error instanceof SettingsError)) throw error;
    // Each fault begins with the name of its setting.
    const wrong = error.faults.map((fault) => [fault.split(':', 1)[0], undefined] as const);
    return { settings: loadSettings(settingsTable, { ...env, ...Object.fromEntries(wrong) }), faults: error.faults };
  }
}

/** Where the local system keeps its things. */
export function foldersOf({ NASK_DATA, NASK_CACHE }: PlaceSettings): ServerFolders & { root: string } {
  const root = NASK_DATA ? resolve(NASK_DATA) : join(import.meta.dirname, '..', '.local');
  return { root, ...serverFolders(root, cacheFolder({ ...process.env, NASK_CACHE })) };
}

/** The services and their ops ports, in the order in which people name them. */
export function opsPortsOf(settings: LocalSettings): Record<ServiceName, number> {
  return {
    gateway: settings.GATEWAY_OPS_PORT,
    executor: settings.EXECUTOR_OPS_PORT,
    notifier: settings.NOTIFIER_OPS_PORT,
    projector: settings.PROJECTOR_OPS_PORT,
  };
}

/** A port that a start takes. */
export interface WantedPort {
  readonly port: number;
  readonly what: string;
  /** The setting it comes from. */
  readonly variable: string;
}

/** The ports that a start takes: those of servers that are given from outside are not among them. */
export function wantedPorts(settings: LocalSettings): WantedPort[] {
  const isLocal: Record<string, boolean> = {
    LOCAL_KAFKA_PORT: settings.KAFKA_BROKERS === undefined,
    LOCAL_KAFKA_CONTROLLER_PORT: settings.KAFKA_BROKERS === undefined,
    LOCAL_REGISTRY_PORT: settings.SCHEMA_REGISTRY_URL === undefined,
    LOCAL_STORE_PORT: settings.MONGODB_URL === undefined,
  };
  return Object.keys(ports)
    .filter((variable) => isLocal[variable] ?? true)
    .map((variable) => {
      const name = variable as keyof typeof ports;
      return { variable, port: settings[name], what: ports[name].what };
    });
}
