import { loadSettingsOrExit } from '@nask/service';
import { foldersOf, settingsTable, type LocalSettings } from './config.ts';
import { programSettings, settingsIn, type LocalProgram } from './program-settings.ts';
import { readRunInfo, type RunInfo } from './run-info.ts';

const serverVariables = ['KAFKA_BROKERS', 'SCHEMA_REGISTRY_URL', 'MONGODB_URL'] as const;

/** Returns the system that `npm start` runs here. Without one, prints a message and exits with code 1. */
export function runningSystemOrExit(command: string): RunInfo {
  const running = readRunInfo(foldersOf(localSettings(command)).root);
  if (running !== undefined) return running;
  console.error('The system does not run, or is still starting. Start it in another terminal first: npm start');
  return process.exit(1);
}

/**
 * Selects the servers of a command: those that the environment names, else those of the system that `npm start` runs here,
 * whose settings for this program become the defaults of the environment. Without either, prints a message and exits with
 * code 1.
 * @param program whose settings the command has
 * @returns the system that runs here, if the command works on it
 */
export function useRunningSystem(command: string, program: LocalProgram): RunInfo | undefined {
  const settings = localSettings(command);
  const running = readRunInfo(foldersOf(settings).root);
  const variables = serverVariables.filter((name) => name in programSettings[program].table);
  const named = variables.filter((name) => settings[name] !== undefined);
  if (running !== undefined) {
    const addresses = environmentOf(running);
    // Servers of two systems are not mixed: a variable that names another server leaves all to the environment.
    if (named.some((name) => String(settings[name]) !== addresses[name])) return undefined;
    const given = settingsIn(process.env, program);
    Object.assign(process.env, addresses, running.settings[program], given);
    console.error(`${command}: on the system that npm start runs here (Kafka ${addresses.KAFKA_BROKERS}).`);
    return running;
  }
  if (named.length > 0) return undefined;
  console.error(
    `${command}: no system runs here, or it is still starting. Start one in another terminal (npm start), ` +
      `or name other servers: ${variables.join(', ')}.`,
  );
  return process.exit(1);
}

function localSettings(command: string): LocalSettings {
  return loadSettingsOrExit({ service: command, table: settingsTable });
}

/** The variables that name the servers of a system. */
export function environmentOf({ addresses, database, topicPrefix }: RunInfo): Record<string, string> {
  return {
    KAFKA_BROKERS: addresses.brokers.join(','),
    SCHEMA_REGISTRY_URL: addresses.registryUrl,
    MONGODB_URL: addresses.mongoUrl,
    MONGODB_DATABASE: database,
    TOPIC_PREFIX: topicPrefix,
  };
}
