import type { EventHandler } from '@nask/task-log';
import { deferredSinceMs } from './deferral/deferral.rules.ts';
import type { RecordMoves } from './deferral/record-moves.ts';
import type { TaskMemory } from './recovery/task-memory.ts';
import { endOfRecord } from './tasks/end-of-record.ts';
import type { TaskExecutor } from './tasks/task-executor.ts';

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
