import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from '@nask/kafka';
import { RegistryError } from '../registry/registry-error.ts';

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
export async function waitFor<T>(
  unreachable: string,
  deadlineAtMs: number,
  logger: Logger,
  attempt: (timeoutMs: number) => Promise<T>,
): Promise<T> {
  for (;;) {
    try {
      return await attempt(Math.min(answerTimeoutMs, deadlineAtMs - performance.now()));
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
