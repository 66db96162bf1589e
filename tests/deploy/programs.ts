import { awaitContractSettings, contractSettings } from '../../packages/kafka/src/contract/contract-settings.ts';
import type { SettingsTable } from '../../packages/service/src/settings/load-settings.ts';
import { settingsTable as executor } from '../../services/executor/src/config.ts';
import { settingsTable as gateway } from '../../services/gateway/src/config.ts';
import { settingsTable as notifier } from '../../services/notifier/src/config.ts';
import { settingsTable as projector } from '../../services/projector/src/config.ts';

/** The settings of each program of the image, by its file. */
export const settingsOf: ReadonlyMap<string, SettingsTable> = new Map<string, SettingsTable>([
  ['services/gateway/src/main.ts', gateway],
  ['services/executor/src/main.ts', executor],
  ['services/notifier/src/main.ts', notifier],
  ['services/projector/src/main.ts', projector],
  ['packages/kafka/src/contract-cli.ts', contractSettings],
  ['packages/kafka/src/await-contract-cli.ts', awaitContractSettings],
]);

/** Defaults of these are places on one's own machine: in a cluster somebody has to say where they are. */
const places = ['KAFKA_BROKERS', 'SCHEMA_REGISTRY_URL', 'MONGODB_URL'];

/** Read by Node itself. */
const ofNode = new Set(['NODE_EXTRA_CA_CERTS', 'NODE_OPTIONS', 'NODE_ENV']);

/**
 * What is wrong with the environment that a program gets: names that are no settings of it, values that it refuses, and
 * places that are not said.
 * @param environment undefined: a value that is only known in the cluster
 */
export function environmentFaults(program: string, environment: ReadonlyMap<string, string | undefined>): string[] {
  const table = settingsOf.get(program);
  if (table === undefined) return [`${program} is no program of the image`];
  const faults: string[] = [];
  for (const [name, value] of environment) {
    const setting = table[name];
    if (setting === undefined && !ofNode.has(name)) faults.push(`${name} is no setting of ${program}`);
    if (setting !== undefined && value !== undefined && value !== '' && setting.read(value) === undefined)
      faults.push(`${name}=${value} is not ${setting.expected}`);
  }
  for (const place of places)
    if (place in table && !environment.has(place)) faults.push(`${program} is not told ${place}`);
  return faults;
}
