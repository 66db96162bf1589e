import { DeadLetterError } from '@nask/kafka';
import type { EventHandler } from '@nask/task-log';
import { deferredSinceMs } from './deferral/deferral.rules.ts';
import { createPace } from './deferral/pace.ts';
import type { RecordMoves } from './deferral/record-moves.ts';
import type { TaskMemory } from './recovery/task-memory.ts';
import { endOfRecord } from './tasks/end-of-record.ts';
import type { TaskExecutor } from './tasks/task-executor.ts';

/** Most copies of records of `tasks.deferred`: of more tasks than that in a pause each waits longer. */
const maxRate = { perSecond: 1_000, bytesPerSecond: 4 * 1024 * 1024 };

/**
 * Most records of `tasks.deferred` that are in hand: enough for that rate. The others wait in the log, and in the bounded
 * buffer.
 */
export const maxDeferredInHand = 500;

/**
 * A deferred task is due. If this executor has its type, the task goes back to `tasks.requested` and runs from there. Any
 * other ends, because it was cancelled or its time is over, or is deferred again. The record is done when the copy or the
 * end is in the log: a crash between the two repeats the copy, and of two records of a task the second runs nothing.
 */
export function onTaskDeferred(
  executor: TaskExecutor,
  memory: TaskMemory,
  types: { has(type: string): boolean },
  moves: RecordMoves,
): EventHandler<'tasks.deferred'> {
  const pace = createPace(maxRate);

  return async (record, { signal, read }) => {
    const request = await read();
    const { task_id: id, type } = request;
    const sinceMs = deferredSinceMs(record.headers);
    if (sinceMs === undefined) throw new DeadLetterError('The record does not say since when the task is deferred.');

    async function comeBack(): Promise<void> {
      // Another record of the task is open in tasks.requested: the task comes to its end by that one.
      if (executor.holds(id)) return;
      await pace(0, signal);
      await moves.bringBack(record, signal);
    }

    const runsHere = types.has(type) && !memory.cancelled.has(id) && !memory.ended.has(id);
    const done = runsHere
      ? comeBack()
      : executor.execute(request, {
          signal,
          traceparent: record.headers['traceparent'],
          record: {
            sinceMs,
            async defer(times, signal) {
              await pace(record.value?.length ?? 0, signal);
              await moves.defer(record, times, signal);
            },
          },
        });
    await endOfRecord(done, record, signal);
  };
}
