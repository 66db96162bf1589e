import { writeSync } from 'node:fs';
import {
  loadSettings,
  type Environment,
  type Settings,
  type SettingsRule,
  type SettingsTable,
} from './load-settings.ts';
import { SettingsError } from './settings-error.ts';

/** sysexits.h: EX_CONFIG, something was found in an unconfigured or misconfigured state. */
export const settingsExitCode = 78;

/** For main.ts: the settings, or all their faults on stderr and the end of the process. */
export function loadSettingsOrExit<T extends SettingsTable>(options: {
  service: string;
  table: T;
  rules?: readonly SettingsRule<T>[];
  env?: Environment;
}): Settings<T> {
  const { service, table, rules, env = process.env } = options;
  try {
    return loadSettings(table, env, { rules });
  } catch (error) {
    if (!(error instanceof SettingsError)) throw error;
    writeSync(process.stderr.fd, `${service} cannot start: ${error.message}\n`);
    return process.exit(settingsExitCode);
  }
}
