import type { Logger } from '../logger.ts';

const intervalMs = 1_000;

/**
 * Warns of failures that are tried again, at most once a second: when a server is away, all that need it fail at once,
 * again and again. A line says how many were left out since the one before (`suppressed`).
 */
export class RetryLog {
  readonly #logger: Logger;
  readonly #message: string;
  readonly #nowMs: () => number;
  #lastMs = Number.NEGATIVE_INFINITY;
  #suppressed = 0;

  constructor(logger: Logger, message: string, nowMs: () => number) {
    this.#logger = logger;
    this.#message = message;
    this.#nowMs = nowMs;
  }

  warn(fields: object): void {
    const nowMs = this.#nowMs();
    if (nowMs - this.#lastMs < intervalMs) {
      this.#suppressed += 1;
      return;
    }
    this.#logger.warn({ ...fields, suppressed: this.#suppressed }, this.#message);
    this.#lastMs = nowMs;
    this.#suppressed = 0;
  }
}
