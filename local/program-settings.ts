import type { Environment } from '@nask/service';
import { contractRules, contractSettings } from '../packages/task-log/src/contract/contract-settings.ts';
import { settingsRules as executorRules, settingsTable as executor } from '../services/executor/src/config.ts';
import { settingsRules as gatewayRules, settingsTable as gateway } from '../services/gateway/src/config.ts';
import { settingsRules as notifierRules, settingsTable as notifier } from '../services/notifier/src/config.ts';
import { settingsRules as projectorRules, settingsTable as projector } from '../services/projector/src/config.ts';

/** The settings of each program that `npm start` runs. */
export const programSettings = {
  contract: { table: contractSettings, rules: contractRules },
  gateway: { table: gateway, rules: gatewayRules },
  executor: { table: executor, rules: executorRules },
  notifier: { table: notifier, rules: notifierRules },
  projector: { table: projector, rules: projectorRules },
};

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
