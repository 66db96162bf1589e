import { avroSchemas, topics, type ServiceName, type Topic } from '@nask/schemas';
import { withTopicAdmin, type KafkaConnection, type Logger } from '@nask/kafka';
import { subjectOf } from '../codec.ts';
import { createRegistry, type Registry, type RegistryOptions } from '../registry/registry.ts';
import { waitFor } from './wait-for.ts';

/**
 * Waits until the contract is there as far as a service needs it: its topics, and the schemas of their events. Needs no
 * more rights than the service has.
 * @param options.waitMs how long it may take until it is there
 * @throws ContractError UNREACHABLE, naming what is missing, after that
 */
export async function awaitContract(options: {
  service: ServiceName;
  connection: KafkaConnection;
  registryUrl: string;
  auth?: RegistryOptions['auth'];
  waitMs: number;
  logger: Logger;
}): Promise<void> {
  const { service, connection, registryUrl, auth, waitMs, logger } = options;
  const needed = Object.entries<Topic>(topics).filter(([, { producers, consumers }]) =>
    [...producers, ...consumers].includes(service),
  );
  const registry = createRegistry({ url: registryUrl, auth });
  const deadlineAtMs = performance.now() + waitMs;
  await waitFor(`The contract of the ${service} is not there`, deadlineAtMs, logger, async (timeoutMs) => {
    const inCluster = await withTopicAdmin(connection, { what: 'asking Kafka', timeoutMs }, (admin) => admin.list());
    const missing = [
      ...needed.map(([name]) => connection.topicPrefix + name).filter((name) => !inCluster.includes(name)),
      ...(await missingSchemas(registry, connection.topicPrefix, needed)),
    ];
    if (missing.length > 0) throw new Error(`missing: ${missing.join(', ')}`);
  });
}

async function missingSchemas(
  registry: Registry,
  topicPrefix: string,
  needed: readonly (readonly [string, Topic])[],
): Promise<string[]> {
  const missing: string[] = [];
  for (const [topic, { event }] of needed) {
    if (event === null) continue;
    const subject = subjectOf(topicPrefix, topic);
    if ((await registry.idOf(subject, avroSchemas[event])) === undefined) missing.push(`our schema of ${subject}`);
  }
  return missing;
}
