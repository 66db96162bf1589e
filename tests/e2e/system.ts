import { join } from 'node:path';
import { spawnService, serviceEnv, type Isolation, type ServiceUnderTest, type TestServers } from '@nask/testkit';
import { runCommand } from '@nask/dev-stack';
import { Client } from './client.ts';

const services = ['projector', 'notifier', 'executor', 'gateway'] as const;
export type ServiceName = (typeof services)[number];

/** The whole system: the contract applied, and the four services as processes of their own. */
export interface System {
  readonly client: Client;
  readonly topicPrefix: string;
  service(name: ServiceName): ServiceUnderTest;
  /** What the services logged, for a test that fails. */
  close(): Promise<void>;
}

const contractCli = join(import.meta.dirname, '..', '..', 'packages', 'task-log', 'src', 'contract-cli.ts');

/** The settings of all services of a system. */
export function systemEnv(
  isolation: Isolation,
  servers: TestServers,
  settings: Record<string, string> = {},
): Record<string, string> {
  return { ...serviceEnv(isolation, servers), WEBHOOK_ALLOWED_NETWORKS: '127.0.0.0/8', ...settings };
}

/** Creates the topics and registers the schemas, as `npm run contract` does. */
export async function applyContract(env: Record<string, string>): Promise<void> {
  await runCommand(process.execPath, [contractCli], { env });
}

/**
 * Starts the system on real servers, apart from whatever else uses them.
 * @param settings more settings, for all services
 * @param ownSettings more settings, for one service each
 */
export async function startSystem(
  isolation: Isolation,
  servers: TestServers,
  settings: Record<string, string> = {},
  ownSettings: Partial<Record<ServiceName | 'contract', Record<string, string>>> = {},
): Promise<System> {
  const env = systemEnv(isolation, servers, settings);
  await applyContract({ ...env, ...ownSettings.contract });
  const started = await Promise.allSettled(
    services.map((name) => spawnService(name, { ...env, ...ownSettings[name] })),
  );
  const running = new Map<ServiceName, ServiceUnderTest>();
  for (const [i, result] of started.entries())
    if (result.status === 'fulfilled') running.set(services[i]!, result.value);
  const close = async () => {
    await Promise.all([...running.values()].map((service) => service.close()));
  };
  const failed = started.find((result) => result.status === 'rejected');
  if (failed !== undefined) {
    await close();
    throw failed.reason;
  }
  return {
    client: new Client(running.get('gateway')!.url),
    topicPrefix: isolation.topicPrefix,
    service: (name) => running.get(name)!,
    close,
  };
}
