/**
 * `npm run service -- NAME`: one more process of a service, on the Node that the project brings, see useRunningSystem.
 * Beside the running system its ports are free ones unless PORT and OPS_PORT say others, and it ends with the system.
 */
import { rmSync } from 'node:fs';
import { loadSettingsOrExit } from '@nask/service';
import { foldersOf, settingsTable } from './config.ts';
import { useRunningSystem } from './running-system.ts';
import { onParentGone, pidFile, writePidFile, type ServiceName } from '@nask/dev-stack';

const mains: Record<ServiceName, () => Promise<unknown>> = {
  gateway: () => import('../services/gateway/src/main.ts'),
  executor: () => import('../services/executor/src/main.ts'),
  notifier: () => import('../services/notifier/src/main.ts'),
  projector: () => import('../services/projector/src/main.ts'),
};

const name = process.argv[2] as ServiceName;
if (process.argv.length !== 3 || !Object.hasOwn(mains, name)) {
  console.error(`Usage: npm run service -- ${Object.keys(mains).join(' | ')}`);
  process.exit(2);
}
const command = `npm run service -- ${name}`;
if (useRunningSystem(command, name) !== undefined) {
  recordProcess();
  for (const port of ['PORT', 'OPS_PORT']) process.env[port] ||= '0';
}
// The service drains as it does when its terminal is closed.
onParentGone(() => process.kill(process.pid, 'SIGHUP'));
await mains[name]();

/** With a pid file in the run folder, the end of the system (or its guardian) ends this process too. */
function recordProcess(): void {
  const { run } = foldersOf(loadSettingsOrExit({ service: command, table: settingsTable }));
  const file = pidFile(run, `${name}-${process.pid}`);
  writePidFile(file, process.pid);
  process.on('exit', () => rmSync(file, { force: true }));
}
