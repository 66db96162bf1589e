/**
 * `npm run service -- NAME`: one more process of a service, on the Node that the project brings, see useRunningSystem.
 * Beside the running system its ports are free ones unless PORT and OPS_PORT say others.
 */
import { useRunningSystem } from './running-system.ts';
import { localServiceEnv } from './service-env.ts';
import type { LocalServiceName } from './stack/service-process.ts';

const mains: Record<LocalServiceName, () => Promise<unknown>> = {
  gateway: () => import('../services/gateway/src/main.ts'),
  executor: () => import('../services/executor/src/main.ts'),
  notifier: () => import('../services/notifier/src/main.ts'),
  projector: () => import('../services/projector/src/main.ts'),
};

const name = process.argv[2] as LocalServiceName;
if (process.argv.length !== 3 || !Object.hasOwn(mains, name)) {
  console.error(`Usage: npm run service -- ${Object.keys(mains).join(' | ')}`);
  process.exit(2);
}
const running = useRunningSystem(`npm run service -- ${name}`);
if (running !== undefined) {
  const env = localServiceEnv(name, { isOwnKafka: running.processes.kafka !== undefined });
  Object.assign(process.env, { PORT: '0', OPS_PORT: '0', ...env, ...process.env });
}
await mains[name]();
