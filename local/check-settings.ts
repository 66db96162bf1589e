import { loadSettings, SettingsError, type Environment, type SettingsRule, type SettingsTable } from '@nask/service';
import { taskTypesWith } from '@nask/schemas';
import { contractRules, contractSettings } from '../packages/kafka/src/contract/contract-settings.ts';
import { settingsRules as executorRules, settingsTable as executor } from '../services/executor/src/config.ts';
import { settingsRules as gatewayRules, settingsTable as gateway } from '../services/gateway/src/config.ts';
import { settingsRules as notifierRules, settingsTable as notifier } from '../services/notifier/src/config.ts';
import { settingsRules as projectorRules, settingsTable as projector } from '../services/projector/src/config.ts';
import type { LocalServiceName } from './stack/service-process.ts';

/** A program with settings of its own that `npm start` runs. */
export type LocalProgram = LocalServiceName | 'contract';

const faultsOf: Record<LocalProgram, (env: Environment) => readonly string[]> = {
  contract: faultsIn(contractSettings, contractRules),
  gateway: (env) => [...faultsIn(gateway, gatewayRules)(env), ...taskTypeFaults(env)],
  executor: (env) => [...faultsIn(executor, executorRules)(env), ...taskTypeFaults(env)],
  notifier: faultsIn(notifier, notifierRules),
  projector: faultsIn(projector, projectorRules),
};

/**
 * Checks the settings of the programs as they will do themselves, before anything is downloaded or started.
 * @param environments what each program will get
 * @throws SettingsError with all faults, each with the programs that have it
 */
export function checkSettings(environments: Record<LocalProgram, Environment>): void {
  const programsByFault = new Map<string, string[]>();
  for (const [program, env] of Object.entries(environments))
    for (const fault of faultsOf[program as LocalProgram](env))
      programsByFault.set(fault, [...(programsByFault.get(fault) ?? []), program]);
  const faults = [...programsByFault].map(([fault, programs]) => `${fault} (${programs.join(', ')})`);
  if (faults.length > 0) throw new SettingsError(faults);
}

function faultsIn<T extends SettingsTable>(
  table: T,
  rules: readonly SettingsRule<T>[],
): (env: Environment) => readonly string[] {
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

function taskTypeFaults({ TASK_TYPES_FOLDER }: Environment): string[] {
  try {
    taskTypesWith(TASK_TYPES_FOLDER?.trim() || undefined);
    return [];
  } catch (error) {
    return [`TASK_TYPES_FOLDER: ${(error as Error).message}`];
  }
}
