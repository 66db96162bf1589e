import type { EventCodec } from '@nask/task-log';
import { deferredSinceMs } from './deferral/deferral.rules.ts';
import type { TaskExecutor } from './tasks/task-executor.ts';
import type { TaskMemory } from './recovery/task-memory.ts';
import type { DeferTask } from './on-task-deferred.ts';
import { onRequest, type RecordHandler } from './on-request.ts';

/** Handles a record of `tasks.requested`: it is done when its task has ended, or is deferred. */
export function handleRequestedTask(
  codec: EventCodec,
  executor: TaskExecutor,
  memory: TaskMemory,
  defer: DeferTask,
): RecordHandler {
  return onRequest(codec, (request, record, signal) =>
    executor.execute(request, {
      signal,
      traceparent: record.headers['traceparent'],
      delivery: memory.deliveryOf(request.task_id, record),
      record: { sinceMs: deferredSinceMs(record.headers), defer: (times, signal) => defer(record, times, signal) },
    }),
  );
}
