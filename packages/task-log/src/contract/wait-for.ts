import { setTimeout as sleep } from 'node:timers/promises';
import type { Admin } from 'kafkajs';
import { abandonableKafka, type KafkaConnection } from '../../../kafka/src/connection.ts';
import type { Logger } from '../../../kafka/src/logger.ts';
import { RegistryError } from '../registry/registry-error.ts';
import { within } from '@nask/async';
import { ContractError } from './contract-error.ts';

const retryMs = 1_000;

/**
 * Tries again until the deadline what fails because a server is not there yet.
 * @param unreachable what to say when it does not come
 * @param deadlineAtMs on performance.now()'s clock
 * @throws ContractError UNREACHABLE after the deadline, REFUSED when the registry refuses
 */
export async function waitFor<T>(
  unreachable: string,
  deadlineAtMs: number,
  logger: Logger,
  attempt: (leftMs: number) => Promise<T>,
): Promise<T> {
  for (;;) {
    try {
      return await attempt(deadlineAtMs - performance.now());
    } catch (error) {
      if (error instanceof RegistryError && error.code !== 'UNREACHABLE')
        throw new ContractError('REFUSED', [error.message], { cause: error });
      const reason = `${unreachable}: ${(error as Error).message}`;
      if (performance.now() + retryMs > deadlineAtMs)
        throw new ContractError('UNREACHABLE', [reason], { cause: error });
      logger.info({ retryMs }, reason);
      await sleep(retryMs);
    }
  }
}

/** How long Kafka may take to answer before it is asked again on another connection. */
const answerTimeoutMs = 3_000;

/** Asks Kafka once, on a connection of its own. Rejects soon when Kafka does not answer. */
export async function askKafka<T>(
  connection: KafkaConnection,
  leftMs: number,
  ask: (admin: Admin) => Promise<T>,
): Promise<T> {
  const client = abandonableKafka(connection, { retry: { retries: 0 }, quiet: true });
  const admin = client.kafka.admin();
  try {
    const asking = admin.connect().then(() => ask(admin));
    return await within(Math.min(leftMs, answerTimeoutMs), 'asking Kafka', asking);
  } finally {
    client.abandon();
  }
}
