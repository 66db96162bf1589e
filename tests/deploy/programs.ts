import { join } from 'node:path';
import { awaitContractSettings, contractRules, contractSettings } from '@nask/task-log';
import type { Settings, SettingsRule, SettingsTable } from '@nask/service';
import { settingsRules as executorRules, settingsTable as executor } from '../../services/executor/src/config.ts';
import { settingsRules as gatewayRules, settingsTable as gateway } from '../../services/gateway/src/config.ts';
import { settingsRules as notifierRules, settingsTable as notifier } from '../../services/notifier/src/config.ts';
import { settingsRules as projectorRules, settingsTable as projector } from '../../services/projector/src/config.ts';
import { readDockerfile } from './dockerfile.ts';

/** The settings of each program of the image, by its file. */
export const settingsOf: ReadonlyMap<string, SettingsTable> = new Map<string, SettingsTable>([
  ['services/gateway/src/main.ts', gateway],
  ['services/executor/src/main.ts', executor],
  ['services/notifier/src/main.ts', notifier],
  ['services/projector/src/main.ts', projector],
  ['packages/task-log/src/contract-cli.ts', contractSettings],
  ['packages/task-log/src/await-contract-cli.ts', awaitContractSettings],
]);

/** What each has to be right about several settings together. Rules take all settings of their own table. */
type AnyRule = SettingsRule<SettingsTable>;
const rulesOf = new Map<string, readonly AnyRule[]>([
  ['services/gateway/src/main.ts', gatewayRules as readonly unknown[] as AnyRule[]],
  ['services/executor/src/main.ts', executorRules as readonly unknown[] as AnyRule[]],
  ['services/notifier/src/main.ts', notifierRules as readonly unknown[] as AnyRule[]],
  ['services/projector/src/main.ts', projectorRules as readonly unknown[] as AnyRule[]],
  ['packages/task-log/src/contract-cli.ts', contractRules as readonly unknown[] as AnyRule[]],
  ['packages/task-log/src/await-contract-cli.ts', contractRules as readonly unknown[] as AnyRule[]],
]);

/** Defaults of these are for one's own machine, or have to be the same in two programs: somebody has to say them. */
const told = ['KAFKA_BROKERS', 'SCHEMA_REGISTRY_URL', 'MONGODB_URL', 'RETENTION_DAYS'];

/** What the image says already. */
const ofImage: Readonly<Record<string, string | undefined>> = readDockerfile(
  join(import.meta.dirname, '..', '..', 'Dockerfile'),
).at(-1)!.environment;

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
  for (const name of told) if (name in table && !environment.has(name)) faults.push(`${program} is not told ${name}`);
  // Its service has this name in Compose and in the manifests.
  const isKeyed = environment.has('API_KEYS') && environment.get('API_KEYS') !== '';
  if ('ALLOWED_HOSTS' in table && !isKeyed && environment.get('ALLOWED_HOSTS')?.split(',').includes('gateway') !== true)
    faults.push(`${program} does not serve the host gateway`);
  return faults.length > 0 ? faults : ruleFaults(program, table, environment);
}

/** What the program itself would say of its settings together, but for what is only known in the cluster. */
function ruleFaults(
  program: string,
  table: SettingsTable,
  environment: ReadonlyMap<string, string | undefined>,
): string[] {
  const isUnknown = (name: string) => environment.has(name) && environment.get(name) === undefined;
  const values = Object.entries(table).map(([name, setting]) => {
    const text = environment.get(name) ?? ofImage[name] ?? '';
    if (!isUnknown(name)) return [name, text === '' ? setting.fallback?.value : setting.read(text)] as const;
    return [name, Array.isArray(setting.fallback?.value) ? ['given'] : 'given'] as const;
  });
  const settings = Object.fromEntries(values) as Settings<SettingsTable>;
  return (rulesOf.get(program) ?? [])
    .flatMap((rule) => rule(settings) ?? [])
    .filter((fault) => !isUnknown(fault.split(':', 1)[0]!) && !fault.includes('expected a file that can be read'));
}
