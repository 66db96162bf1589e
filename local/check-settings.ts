import { loadSettings, SettingsError, type Environment, type SettingsRule, type SettingsTable } from '@nask/service';
import { taskTypesWith } from '@nask/schemas';
import { programSettings, type LocalProgram } from './program-settings.ts';

const faultsOf: Record<LocalProgram, (env: Environment) => readonly string[]> = {
  contract: faultsIn(programSettings.contract),
  gateway: (env) => [...faultsIn(programSettings.gateway)(env), ...taskTypeFaults(env)],
  executor: (env) => [...faultsIn(programSettings.executor)(env), ...taskTypeFaults(env)],
  notifier: faultsIn(programSettings.notifier),
  projector: faultsIn(programSettings.projector),
};

/**
 * Checks the settings of the programs as they will do themselves, before a server is downloaded or started.
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

function taskTypeFaults({ TASK_TYPES_FOLDER }: Environment): string[] {
  try {
    taskTypesWith(TASK_TYPES_FOLDER?.trim() || undefined);
    return [];
  } catch (error) {
    return [`TASK_TYPES_FOLDER: ${(error as Error).message}`];
  }
}
