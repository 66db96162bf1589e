import { loadSettingsOrExit } from '@nask/service';
import { foldersOf, settingsTable } from './config.ts';
import { readRunInfo, type RunInfo } from './run-info.ts';

/** For a command of npm: what `npm start` runs here; where nothing runs, one line that says so and the end (code 1). */
export function runningSystemOrExit(command: string): RunInfo {
  const running = findRunning(command);
  if (running !== undefined) return running;
  console.error('The system does not run, or is still starting. Start it in another terminal first: npm start');
  return process.exit(1);
}

/**
 * For a command that works on any servers: those that the environment names, else those of the system that `npm start`
 * runs here, whose addresses are put into the environment. Where there are neither, it says so and ends (code 1).
 * @returns the system that runs here, if it is that one
 */
export function useRunningSystem(command: string): RunInfo | undefined {
  const named = ['KAFKA_BROKERS', 'SCHEMA_REGISTRY_URL', 'MONGODB_URL'].filter((name) => isSet(name));
  const running = findRunning(command);
  if (running !== undefined) {
    const addresses = environmentOf(running);
    // Servers of two systems are not mixed: a variable that names another server leaves all to the environment.
    if (named.some((name) => process.env[name]?.trim() !== addresses[name])) return undefined;
    for (const [name, value] of Object.entries(addresses)) if (!isSet(name)) process.env[name] = value;
    console.error(`${command}: on the system that npm start runs here (Kafka ${addresses.KAFKA_BROKERS}).`);
    return running;
  }
  if (named.length > 0) return undefined;
  console.error(
    `${command}: no system runs here, or it is still starting. Start one in another terminal (npm start), ` +
      'or name other servers: KAFKA_BROKERS, SCHEMA_REGISTRY_URL, MONGODB_URL.',
  );
  return process.exit(1);
}

function findRunning(command: string): RunInfo | undefined {
  return readRunInfo(foldersOf(loadSettingsOrExit({ service: command, table: settingsTable })).root);
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

function isSet(name: string): boolean {
  return (process.env[name]?.trim() ?? '') !== '';
}
