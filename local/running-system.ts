import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Addresses } from '@nask/dev-stack';
import { loadSettingsOrExit } from '@nask/service';
import { foldersOf, placeSettings, type PlaceSettings } from './config.ts';
import type { LocalProgram } from './program-settings.ts';
import { lockHolder } from './start-lock.ts';

/** What runs where, in DATA/run.json as long as `npm start` runs. */
export interface RunInfo {
  /** Root of the API. */
  readonly apiUrl: string;
  readonly addresses: Addresses;
  readonly topicPrefix: string;
  /** Of the read model. */
  readonly database: string;
  /** A header file with a key of this run (read, write), for tools on this machine. Undefined without API_KEYS. */
  readonly authorizationFile?: string;
  readonly logsFolder: string;
  /** The variables that each program was given for its settings, without its ports. Secrets are among them. */
  readonly settings: Record<LocalProgram, Record<string, string>>;
  /** By name; a process that is down just now has no pid. */
  readonly processes: Record<string, { pid?: number; port: number }>;
}

const fileName = 'run.json';

export function writeRunInfo(dataFolder: string, info: RunInfo): void {
  writeSecretFile(join(dataFolder, fileName), `${JSON.stringify(info, undefined, 2)}\n`);
}

/** Writes a file as a whole that only its owner may read. */
export function writeSecretFile(path: string, text: string): void {
  // The mode counts for a new file only.
  rmSync(`${path}.new`, { force: true });
  writeFileSync(`${path}.new`, text, { mode: 0o600 });
  renameSync(`${path}.new`, path);
}

export function deleteRunInfo(dataFolder: string): void {
  rmSync(join(dataFolder, fileName), { force: true });
}

/** What runs on a data folder; undefined when nothing does, or it is not up yet. */
export function readRunInfo(dataFolder: string): RunInfo | undefined {
  if (lockHolder(dataFolder) === undefined) return undefined;
  try {
    return JSON.parse(readFileSync(join(dataFolder, fileName), 'utf8')) as RunInfo;
  } catch {
    return undefined;
  }
}

/** Reads the settings that say where a command works, or exits with a message. The ports are those of `npm start` alone. */
export function readPlace(command: string): PlaceSettings {
  return loadSettingsOrExit({ service: command, table: placeSettings });
}

/** Returns the system that `npm start` runs here. Without one, prints a message and exits with code 1. */
export function runningSystemOrExit(command: string): RunInfo {
  const running = readRunInfo(foldersOf(readPlace(command)).root);
  if (running !== undefined) return running;
  console.error('The system does not run, or is still starting. Start it in another terminal first: npm start');
  return process.exit(1);
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
