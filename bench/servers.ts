import {
  startOwnKafka,
  startServers,
  testServerVariables,
  testServers,
  testServersEnv,
  type TestServers,
} from '@nask/testkit';

/** Runs a benchmark with the brokers of TEST_KAFKA_BROKERS, or with a Kafka that is started for it. */
export async function withKafka<T>(bench: (brokers: string[]) => Promise<T>): Promise<T> {
  const given = process.env[testServerVariables.brokers];
  if (given !== undefined) return bench(given.split(','));
  const kafka = await startOwnKafka();
  try {
    return await bench([kafka.address]);
  } finally {
    await kafka.close();
  }
}

/** Runs a benchmark with the servers that the environment names, or with three that are started for it. */
export async function withServers<T>(bench: (servers: TestServers) => Promise<T>): Promise<T> {
  const { [testServerVariables.brokers]: brokers } = process.env;
  if (brokers !== undefined) return bench(testServers());
  const servers = await startServers();
  try {
    return await bench(servers.addresses);
  } finally {
    await servers.stop();
  }
}

/** As withServers, for a benchmark that finds them in the environment, as tests do. */
export function onServers(bench: () => Promise<void>): Promise<void> {
  return withServers((servers) => {
    Object.assign(process.env, testServersEnv(servers));
    return bench();
  });
}
