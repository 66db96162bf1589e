import { onAbort } from '@nask/async';
import { DeadLetterError, type ConsumedRecord } from '@nask/kafka';
import type { EventHandler } from '@nask/task-log';
import { deferredSinceMs } from './deferral/deferral.rules.ts';
import type { RecordMoves } from './deferral/record-moves.ts';
import type { TaskMemory } from './recovery/task-memory.ts';
import { HandedBackError } from './tasks/held-task.ts';
import type { TaskExecutor } from './tasks/task-executor.ts';
import { isTooLarge } from './tasks/task-event-log.ts';

/** A task is requested: the record is done when the task has ended, or is deferred. */
export function onTaskRequested(
  executor: TaskExecutor,
  memory: TaskMemory,
  moves: RecordMoves,
): EventHandler<'tasks.requested'> {
  return async (record, { signal, read }) => {
    const request = await read();
    const end = executor.execute(request, {
      signal,
      traceparent: record.headers['traceparent'],
      delivery: memory.deliveryOf(request.task_id, record),
      record: {
        sinceMs: deferredSinceMs(record.headers),
        defer: (times, signal) => moves.defer(record, times, signal),
      },
    });
    await endOfRecord(end, record, signal);
  };
}

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
