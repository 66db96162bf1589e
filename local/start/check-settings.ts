import { spawnSync } from 'node:child_process';
import { isAbsolute, join } from 'node:path';
import { loadSettings, SettingsError, type Environment, type SettingsRule, type SettingsTable } from '@nask/service';
import { taskTypeFaults } from '@nask/schemas';
import { settingsTable, type LocalSettings } from '../config.ts';
import { programSettings, type LocalProgram } from '../program-settings.ts';

const handlerCheck = join(import.meta.dirname, '..', '..', 'services', 'executor', 'src', 'check-handlers.ts');
const handlerCheckTimeoutMs = 20_000;

const faultsOf: Record<LocalProgram, (env: Environment) => readonly string[]> = {
  contract: faultsIn(programSettings.contract),
  gateway: faultsIn(programSettings.gateway),
  executor: (env) => [...faultsIn(programSettings.executor)(env), ...handlerFaults(env)],
  notifier: faultsIn(programSettings.notifier),
  projector: faultsIn(programSettings.projector),
};

/**
 * Reads the settings of `npm start` itself.
 * @returns the settings, with the default in place of each that is wrong, so that the programs' settings can be checked
 *   beside them; and the faults
 */
export function readLocalSettings(env: Environment): { settings: LocalSettings; faults: readonly string[] } {
  const wrong = Object.entries(settingsTable).filter(
    ([name, setting]) => faultsIn({ table: { [name]: setting }, rules: [] })(env).length > 0,
  );
  const right = { ...env, ...Object.fromEntries(wrong.map(([name]) => [name, undefined])) };
  return { settings: loadSettings(settingsTable, right), faults: faultsIn({ table: settingsTable, rules: [] })(env) };
}

/**
 * Checks the settings of the programs as they will do themselves, before a server is downloaded or started.
 * @param environments what each program will get
 * @returns all faults, each with the programs that have it
 */
export function settingsFaults(environments: Record<LocalProgram, Environment>): string[] {
  const programsByFault = new Map<string, string[]>();
  for (const [program, env] of Object.entries(environments))
    for (const fault of faultsOf[program as LocalProgram](env))
      programsByFault.set(fault, [...(programsByFault.get(fault) ?? []), program]);
  return [...programsByFault].map(([fault, programs]) => `${fault} (${programs.join(', ')})`);
}

function faultsIn<T extends SettingsTable>({
  table,
  rules,
}: {
  table: T;
  rules: readonly SettingsRule<T>[];
}): (env: Environment) => readonly string[] {
  return (env) => {
    try {
      loadSettings(table, env, { rules });
      return [];
    } catch (error) {
      if (error instanceof SettingsError) return error.faults;
      throw error;
    }
  };
}

/** The faults that the executor would find in the handlers; none where their schemas have faults, which come first. */
function handlerFaults(env: Environment): string[] {
  const folder = env.TASK_TYPES_FOLDER?.trim() || undefined;
  if ((folder !== undefined && !isAbsolute(folder)) || taskTypeFaults(folder).length > 0) return [];
  const { status, signal, stdout } = spawnSync(process.execPath, [handlerCheck], {
    env,
    encoding: 'utf8',
    timeout: handlerCheckTimeoutMs,
    killSignal: 'SIGKILL',
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const result = stdout.trimEnd().split('\n').at(-1) ?? '';
  const faults =
    status === 0 && result.startsWith('[')
      ? (JSON.parse(result) as string[])
      : [`the handlers do not load: the check of them ended with ${signal ?? `exit code ${status}`}`];
  const subject = folder === undefined ? 'handlers' : 'TASK_TYPES_FOLDER';
  return faults.map((fault) => `${subject}: ${fault}`);
}
