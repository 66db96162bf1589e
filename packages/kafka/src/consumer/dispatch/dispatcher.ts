import { backoffMs, type Backoff } from '@nask/async';
import type { ConsumedRecord, Position } from '../../record.ts';
import type { OwnedPartition } from '../partitions/owned-partition.ts';
import type { Gate } from './work-queue.ts';
import type { Scheduler } from '../group/group-client.ts';

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

/** The dead letters are full: more than the stated rate, or no topic for them. The partition stops, and the consumer is not ready. */
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

/** Holds what was read and runs the handler on it. */
export interface Dispatcher {
  add(partition: OwnedPartition, records: readonly ConsumedRecord[]): void;
  /** Starts what may start now. */
  kick(): void;
  /** Forgets what waits of a partition. What runs goes on. */
  drop(partition: OwnedPartition): void;
  /** Handlers that run, by topic. */
  inFlight(): Map<string, number>;
}

/** What a dispatcher asks and tells the engine. */
export interface DispatcherHost extends Attempts, Gate {
  publishDeadLetter(record: ConsumedRecord, error: DeadLetterError): Promise<void>;
  /** Told once a record has ended, after its partition's tracker knows. */
  ended(partition: OwnedPartition, record: ConsumedRecord, how: 'done' | 'dead-letter' | 'aborted'): void;
  /** No more of this partition, please. */
  stopPartition(partition: OwnedPartition, error: DeadLettersExhaustedError): void;
  fatal(error: FatalConsumerError): void;
}

export interface RecordContext {
  /** Fires when the record's partition goes to another consumer, or the time to drain is over. */
  signal: AbortSignal;
}

/** How a task ended: done, given up because its signal fired, or refused for good with the error that says why. */
export type HandlerOutcome = 'done' | 'aborted' | DeadLetterError | DeadLettersExhaustedError | FatalConsumerError;

interface Retry {
  error: unknown;
  /** Of the record, or of the first of a batch. */
  position: Position | undefined;
  /** How many attempts have failed. */
  attempt: number;
  delayMs: number;
}

interface Attempts {
  scheduler: Scheduler;
  backoff: Backoff;
  /** Told before each wait for a retry. */
  onRetry: (retry: Retry) => void;
  /** Told whenever an attempt begins or ends: something moves. */
  onProgress: () => void;
}

/** Runs a task again and again until it works, is refused by an error's type, or its signal fires. */
export async function attempt(
  task: () => Promise<void>,
  position: Position | undefined,
  signal: AbortSignal,
  { scheduler, backoff, onRetry, onProgress }: Attempts,
): Promise<HandlerOutcome> {
  for (let failures = 1; !signal.aborted; failures += 1) {
    onProgress();
    try {
      await task();
      return 'done';
    } catch (error) {
      if (isFinal(error)) return error;
      if (signal.aborted) break;
      const delayMs = backoffMs(backoff, failures, scheduler.random());
      onRetry({ error, position, attempt: failures, delayMs });
      await sleep(scheduler, delayMs, signal);
    } finally {
      onProgress();
    }
  }
  return 'aborted';
}

/** Waits, or until the signal fires. Never rejects. */
export function sleep(scheduler: Scheduler, delayMs: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted) return resolve();
    const wake = () => {
      cancel();
      signal?.removeEventListener('abort', wake);
      resolve();
    };
    const cancel = scheduler.after(delayMs, wake);
    signal?.addEventListener('abort', wake);
  });
}

function isFinal(error: unknown): error is DeadLetterError | DeadLettersExhaustedError | FatalConsumerError {
  return (
    error instanceof DeadLetterError ||
    error instanceof DeadLettersExhaustedError ||
    error instanceof FatalConsumerError
  );
}
