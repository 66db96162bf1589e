import { writeSync } from 'node:fs';
import { hideUrlCredentials } from '../logging/hide-secrets.rules.ts';
import type { Setting } from './kinds.ts';

/** Settings that a service cannot start with. Has every fault found, each naming its variable. */
export class SettingsError extends Error {
  readonly code = 'INVALID_SETTINGS';
  readonly faults: readonly string[];

  constructor(faults: readonly string[]) {
    super(`invalid settings:\n${faults.map((fault) => `  ${fault}`).join('\n')}`);
    this.name = 'SettingsError';
    this.faults = faults;
  }
}

/** A service's settings by the names of their environment variables. */
export type SettingsTable = Readonly<Record<string, Setting<unknown>>>;

/** The typed values of a table, under the same names. */
export type Settings<T extends SettingsTable> = {
  readonly [Name in keyof T]: T[Name] extends Setting<infer Value> ? Value : never;
};

/** A rule over several settings: what is wrong with them together, naming the variables; undefined or none if nothing is. */
export type SettingsRule<T extends SettingsTable> = (values: Settings<T>) => string | readonly string[] | undefined;

export type Environment = Readonly<Record<string, string | undefined>>;

const maxShownCharacters = 200;

/**
 * Reads a table's values from the environment. A blank variable counts as unset.
 * A rule that reads a wrong value is left out: all other faults are found at once.
 * @throws SettingsError with all faults: the variable, what is expected, what was found (of a secret only that it is set).
 */
export function loadSettings<T extends SettingsTable>(
  table: T,
  env: Environment,
  { rules = [] }: { rules?: readonly SettingsRule<T>[] } = {},
): Settings<T> {
  const faults: string[] = [];
  const values: Record<string, unknown> = {};
  for (const [name, setting] of Object.entries(table)) {
    const text = env[name]?.trim() ?? '';
    const value = text === '' ? setting.fallback?.value : setting.read(text);
    const isMissing = text === '' && !setting.fallback;
    if (isMissing || (text !== '' && value === undefined)) {
      faults.push(`${name}: expected ${expectation(setting)}, got ${isMissing ? 'nothing' : found(setting, text)}`);
      Object.defineProperty(values, name, { get: refuseRead });
    } else {
      values[name] = value;
    }
  }
  const settings = Object.freeze(values) as Settings<T>;
  const broken = rules.flatMap((rule) => brokenBy(rule, settings));
  faults.push(...broken.map(hideUrlCredentials));
  if (faults.length > 0) throw new SettingsError(faults);
  return settings;
}

/** Thrown to a rule that reads a value that is wrong for itself. */
class WrongValueRead extends Error {}

function refuseRead(): never {
  throw new WrongValueRead();
}

function brokenBy<T extends SettingsTable>(rule: SettingsRule<T>, settings: Settings<T>): readonly string[] {
  try {
    return [rule(settings) ?? []].flat();
  } catch (error) {
    if (error instanceof WrongValueRead) return [];
    throw error;
  }
}

function expectation({ expected, unit }: Setting<unknown>): string {
  return unit ? `${expected} (${unit})` : expected;
}

/** A wrong text may be a mangled URL: whatever stands before an @ in it is taken for credentials. */
function found(setting: Setting<unknown>, text: string): string {
  if (setting.secret) return setting.explain?.(text) ?? 'something else (a secret: set)';
  const shown = hideUrlCredentials(text).replace(/^.*@/s, '***@');
  return JSON.stringify(shown.length > maxShownCharacters ? `${shown.slice(0, maxShownCharacters)}…` : shown);
}

/** The values in force, for the log line of the start: secrets as 'set', URLs without credentials. */
export function effectiveSettings<T extends SettingsTable>(table: T, values: Settings<T>): Record<string, unknown> {
  const shown = Object.entries(table).map(([name, setting]) => [name, shownValue(setting, values[name])]);
  return Object.fromEntries(shown) as Record<string, unknown>;
}

function shownValue(setting: Setting<unknown>, value: unknown): unknown {
  const text = setting.write(value);
  if (setting.secret || text === '') return text === '' ? 'unset' : 'set';
  return typeof value === 'number' || typeof value === 'boolean' ? value : hideUrlCredentials(text);
}

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

const columns = ['setting', 'type', 'unit', 'default', 'what it does'];

/** A table of settings as markdown, under a heading: for the README, where a test keeps it current. */
export function settingsMarkdown(title: string, table: SettingsTable): string {
  const rows = Object.entries(table).map(([name, setting]) => [
    `\`${name}\``,
    setting.expected + (setting.secret ? ' (secret)' : ''),
    setting.unit ?? '',
    shownDefault(setting),
    setting.describe,
  ]);
  const lines = [columns, columns.map(() => '---'), ...rows];
  return [`### ${title}`, '', ...lines.map((cells) => `| ${cells.map(escapeCell).join(' | ')} |`)].join('\n');
}

function shownDefault(setting: Setting<unknown>): string {
  if (!setting.fallback) return '(required)';
  const text = setting.write(setting.fallback.value);
  if (text === '') return '(none)';
  return setting.secret ? '(set)' : `\`${text}\``;
}

function escapeCell(text: string): string {
  return text.replaceAll('|', String.raw`\|`).replace(/\s*\n\s*/g, ' ');
}
