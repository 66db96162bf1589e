import { retry } from '@nask/async';
import { activeTopics, avroSchemas, type ServiceName, type Topic } from '@nask/schemas';
import { topicName, withTopicAdmin, type KafkaConnection, type Logger } from '@nask/kafka';
import { subjectOf } from '../codec.ts';
import {
  createRegistryClient,
  RegistryError,
  type RegistryClient,
  type RegistryOptions,
} from '../registry/registry.ts';

/** Why the contract was not applied, or is not there. */
export class ContractError extends Error {
  override readonly name = 'ContractError';
  readonly code: 'REFUSED' | 'UNREACHABLE';
  /** One line each. */
  readonly reasons: readonly string[];

  constructor(code: ContractError['code'], reasons: readonly string[], options?: ErrorOptions) {
    super(reasons.join('; '), options);
    this.code = code;
    this.reasons = reasons;
  }
}

const retryMs = 1_000;
/** How long Kafka may take to answer before it is asked again on another connection. */
const answerTimeoutMs = 3_000;

/**
 * Tries again until the deadline what fails because a server is not there yet.
 * @param unreachable what to say when it does not come
 * @param deadlineAtMs on performance.now()'s clock
 * @param attempt is given how long it may wait for an answer
 * @throws ContractError UNREACHABLE after the deadline, REFUSED when the registry refuses
 */
export function waitFor<T>(
  unreachable: string,
  deadlineAtMs: number,
  logger: Logger,
  attempt: (timeoutMs: number) => Promise<T>,
): Promise<T> {
  return retry(() => attempt(Math.min(answerTimeoutMs, deadlineAtMs - performance.now())), {
    onFailure(error) {
      if (error instanceof RegistryError && error.code !== 'UNREACHABLE')
        throw new ContractError('REFUSED', [error.message], { cause: error });
      const reason = `${unreachable}: ${(error as Error).message}`;
      if (performance.now() + retryMs > deadlineAtMs)
        throw new ContractError('UNREACHABLE', [reason], { cause: error });
      logger.info({ retryMs }, reason);
      return retryMs;
    },
  });
}

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
  const needed = Object.entries(activeTopics).filter(([, { producers, consumers }]) =>
    [...producers, ...consumers].includes(service),
  );
  const registry = createRegistryClient({ url: registryUrl, auth });
  const deadlineAtMs = performance.now() + waitMs;
  await waitFor(`The contract of the ${service} is not there`, deadlineAtMs, logger, async (timeoutMs) => {
    const names = await withTopicAdmin(connection, { what: 'asking Kafka', timeoutMs }, (admin) => admin.list());
    const inCluster = new Set(names);
    const missing = [
      ...needed.map(([name]) => topicName(connection, name)).filter((name) => !inCluster.has(name)),
      ...(await missingSchemas(registry, connection.topicPrefix, needed)),
    ];
    if (missing.length > 0) throw new Error(`missing: ${missing.join(', ')}`);
  });
}

async function missingSchemas(
  registry: RegistryClient,
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
