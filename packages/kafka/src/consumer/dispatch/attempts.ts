import type { Position } from '../../record.ts';
import { backoffMs, type Backoff } from '@nask/async';
import { DeadLetterError, DeadLettersExhaustedError, FatalConsumerError } from './errors.ts';
import type { Scheduler } from '../group/group-client.ts';

/** How a task ended: done, given up because its signal fired, or refused for good with the error that says why. */
export type Outcome = 'done' | 'aborted' | DeadLetterError | DeadLettersExhaustedError | FatalConsumerError;

export interface Retry {
  error: unknown;
  /** Of the record, or of the first of a batch. */
  position: Position | undefined;
  /** How many attempts have failed. */
  attempt: number;
  delayMs: number;
}

export interface Attempts {
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
): Promise<Outcome> {
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
