import { startServers } from '../packages/testkit/src/start-servers.ts';
import { testServersEnv } from '../packages/testkit/src/servers.ts';

/**
 * Runs a benchmark on real servers: on those that the environment names (TEST_KAFKA_BROKERS and so on), else on its own,
 * which it starts and stops again.
 */
export async function onServers(run: () => Promise<void>): Promise<void> {
  if (process.env['TEST_KAFKA_BROKERS'] !== undefined) return run();
  const servers = await startServers();
  Object.assign(process.env, testServersEnv(servers.addresses));
  try {
    await run();
  } finally {
    await servers.stop();
  }
}
