import { onAbort } from '@nask/async';
import { DeadLetterError, type ConsumedRecord } from '@nask/kafka';
import { HandedBackError } from './held-task.ts';
import { isTooLarge } from './task-event-log.ts';

/** Turns the errors of a task's work into what the consumer is to do with the task's record. */
export async function endOfRecord(work: Promise<void>, record: ConsumedRecord, signal: AbortSignal): Promise<void> {
  try {
    await work;
  } catch (error) {
    if (isTooLarge(error)) throw new DeadLetterError(error.message, { record, cause: error });
    // The executor drains. The record stays open until the consumer gives it up, for it must not be tried again here.
    if (error instanceof HandedBackError && !signal.aborted)
      await new Promise<void>((resolve) => onAbort(signal, resolve));
    throw error;
  }
}
