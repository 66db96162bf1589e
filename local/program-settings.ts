import { spawnSync } from 'node:child_process';
import { isAbsolute, join } from 'node:path';
import { taskTypeFaults } from '@nask/schemas';
import { loadSettings, SettingsError, type Environment, type SettingsRule, type SettingsTable } from '@nask/service';
import { contractRules, contractSettings } from '@nask/task-log';
import { settingsRules as executorRules, settingsTable as executor } from '../services/executor/src/config.ts';
import { settingsRules as gatewayRules, settingsTable as gateway } from '../services/gateway/src/config.ts';
import { settingsRules as notifierRules, settingsTable as notifier } from '../services/notifier/src/config.ts';
import { settingsRules as projectorRules, settingsTable as projector } from '../services/projector/src/config.ts';

const handlerCheck = join(import.meta.dirname, '..', 'services', 'executor', 'src', 'task-types', 'check-handlers.ts');
const handlerCheckTimeoutMs = 20_000;

/** The settings of each program that `npm start` runs. */
export const programSettings = {
  contract: program(contractSettings, contractRules),
  gateway: program(gateway, gatewayRules),
  executor: program(executor, executorRules),
  notifier: program(notifier, notifierRules),
  projector: program(projector, projectorRules),
};

function program<T extends SettingsTable>(table: T, rules: readonly SettingsRule<T>[]) {
  return {
    table,
    /** The faults that the program would find in its settings. */
    faults(env: Environment): readonly string[] {
      try {
        loadSettings(table, env, { rules });
        return [];
      } catch (error) {
        if (error instanceof SettingsError) return error.faults;
        throw error;
      }
    },
  };
}

/** A program with settings of its own that `npm start` runs. */
export type LocalProgram = keyof typeof programSettings;

/** Not shared by two processes on one machine. */
const ports = ['PORT', 'OPS_PORT'];

/** Variables of an environment that are settings of a program and are set, without its ports. */
export function settingsIn(env: Environment, program: LocalProgram): Record<string, string> {
  const set = Object.keys(programSettings[program].table)
    .filter((name) => !ports.includes(name))
    .flatMap((name) => (env[name]?.trim() ? [[name, env[name]] as const] : []));
  return Object.fromEntries(set);
}

/**
 * Checks the settings of the programs as they will do themselves, before a server is downloaded or started.
 * @param environments what each program will get
 * @returns all faults, each with the programs that have it
 */
export function settingsFaults(environments: Record<LocalProgram, Environment>): string[] {
  const programsByFault = new Map<string, string[]>();
  for (const [program, env] of Object.entries(environments))
    for (const fault of faultsOf(program as LocalProgram, env))
      programsByFault.set(fault, [...(programsByFault.get(fault) ?? []), program]);
  return [...programsByFault].map(([fault, programs]) => `${fault} (${programs.join(', ')})`);
}

function faultsOf(program: LocalProgram, env: Environment): readonly string[] {
  return [...programSettings[program].faults(env), ...(program === 'executor' ? handlerFaults(env) : [])];
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
