import type { ConsumedRecord } from '../../record.ts';

/** A record that no retry will help: it goes to the dead letters with its reason, and counts as done. */
export class DeadLetterError extends Error {
  readonly code = 'DEAD_LETTER';
  override readonly name = 'DeadLetterError';
  /** Which record of a batch it is about. */
  readonly record: ConsumedRecord | undefined;

  constructor(reason: string, options: { record?: ConsumedRecord; cause?: unknown } = {}) {
    super(reason, { cause: options.cause });
    this.record = options.record;
  }
}

/** The dead letters are full: more than the stated rate, or nowhere to go. The partition stops, and says so. */
export class DeadLettersExhaustedError extends Error {
  readonly code = 'DEAD_LETTERS_EXHAUSTED';
  override readonly name = 'DeadLettersExhaustedError';
  /** Which record of a batch found no room: its partition stops. Undefined: those of the whole batch do. */
  readonly record: ConsumedRecord | undefined;

  constructor(reason: string, options: { record?: ConsumedRecord } = {}) {
    super(reason);
    this.record = options.record;
  }
}

/** Nothing sensible can be done in this process any more: the consumer stops starting work and tells its owner. */
export class FatalConsumerError extends Error {
  readonly code = 'CONSUMER_FATAL';
  override readonly name = 'FatalConsumerError';
}
