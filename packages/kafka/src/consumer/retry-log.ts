import type { Logger } from '../logger.ts';
import type { Retry } from './attempts.ts';
import type { Scheduler } from './ports.ts';

const intervalMs = 1_000;

/**
 * Tells of retries, at most once a second: when what the handlers need is away, all that are in flight fail at once, again
 * and again. A line says how many were not told since the one before.
 */
export class RetryLog {
  readonly #logger: Logger;
  readonly #scheduler: Scheduler;
  #lastMs = Number.NEGATIVE_INFINITY;
  #untold = 0;

  constructor(logger: Logger, scheduler: Scheduler) {
    this.#logger = logger;
    this.#scheduler = scheduler;
  }

  tell({ error, position, attempt, delayMs }: Retry): void {
    const nowMs = this.#scheduler.nowMs();
    if (nowMs - this.#lastMs < intervalMs) {
      this.#untold += 1;
      return;
    }
    const { topic, partition, offset } = position ?? {};
    const details = { err: error, topic, partition, offset, attempt, delayMs, untold: this.#untold };
    this.#logger.warn(details, 'a handler failed; it is tried again');
    this.#lastMs = nowMs;
    this.#untold = 0;
  }
}
