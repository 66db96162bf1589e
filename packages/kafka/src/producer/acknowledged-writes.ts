import { backoffMs, createLimitedWarning, retry, type Backoff } from '@nask/async';
import type { Logger } from '../logger.ts';
import { ProducerError } from './producer-error.ts';

/**
 * Returns once a write is acknowledged.
 * @param write sends the same record at each call
 * @param about what to say of the record in a warning
 * @throws the signal's reason, between two attempts; a ProducerError RECORD_TOO_LARGE
 */
export type WriteUntilAcknowledged = (
  write: () => Promise<unknown>,
  signal: AbortSignal,
  about?: object,
) => Promise<void>;

const retryBackoff: Backoff = { initialMs: 100, maxMs: 1_500 };
/** With a full queue a send fails at once, and thousands may wait: each costs an attempt in 2 to 4 s. */
const queueFullBackoff: Backoff = { initialMs: 1_000, maxMs: 4_000 };

/**
 * Repeats writes, with backoff, until Kafka acknowledges them, for records that must not be lost. All writes together
 * warn once a second at most.
 */
export function createAcknowledgedWrites(logger: Logger): WriteUntilAcknowledged {
  const warn = createLimitedWarning(logger, 'Kafka did not acknowledge a record; it is sent again');
  return async (write, signal, about) => {
    await retry(write, {
      signal,
      onFailure(error, failures) {
        const code = error instanceof ProducerError ? error.code : undefined;
        if (code === 'RECORD_TOO_LARGE') throw error;
        const delayMs = backoffMs(code === 'QUEUE_FULL' ? queueFullBackoff : retryBackoff, failures, Math.random());
        warn({ err: error, ...about, failures, delayMs });
        return delayMs;
      },
    });
  };
}
