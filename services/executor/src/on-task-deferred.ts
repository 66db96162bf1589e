import { DeadLetterError, type ConsumedRecord, type OutgoingRecord } from '@nask/kafka';
import { type EventCodec } from '@nask/task-log';
import { deferralHeaders, deferredSinceMs, withoutDueTime } from './deferral/deferral.rules.ts';
import { createPace } from './deferral/pace.ts';
import type { TaskExecutor } from './tasks/task-executor.ts';
import type { TaskMemory } from './recovery/task-memory.ts';
import { onRequest, type RecordHandler } from './on-request.ts';
import type { WriteRecord } from './tasks/record-writer.ts';

/** Copies a request's record to `tasks.deferred`. */
export type DeferTask = (
  record: ConsumedRecord,
  times: { sinceMs: number; dueMs: number },
  signal: AbortSignal,
) => Promise<void>;

/** Most copies of records of `tasks.deferred`: of more tasks than that in a pause each waits longer. */
const maxRate = { perSecond: 1_000, bytesPerSecond: 4 * 1024 * 1024 };

/**
 * Most records of `tasks.deferred` that are in hand: enough for that rate. The others wait in the log, and in the bounded
 * buffer.
 */
export const maxDeferredInHand = 500;

export function createDeferTask(write: WriteRecord): DeferTask {
  return (record, times, signal) =>
    write(copyOf(record, 'tasks.deferred', { ...originalHeaders(record), ...deferralHeaders(times) }), signal);
}

/**
 * Handles a record of `tasks.deferred` that is due. A task whose type this executor has goes back to `tasks.requested`,
 * and runs from there. Any other ends, because it was cancelled or its time is over, or is deferred again. The record is
 * done when the copy or the end is in the log: a crash between the two repeats the copy, and of two records of a task the
 * second runs nothing.
 */
export function handleDeferredTask(options: {
  codec: EventCodec;
  executor: TaskExecutor;
  memory: TaskMemory;
  types: { has(type: string): boolean };
  write: WriteRecord;
}): RecordHandler {
  const { codec, executor, memory, types, write } = options;
  const defer = createDeferTask(write);
  const pace = createPace(maxRate);

  return onRequest(codec, async (request, record, signal) => {
    const id = request.task_id;
    const sinceMs = deferredSinceMs(record.headers);
    if (sinceMs === undefined) throw new DeadLetterError('The record does not say since when the task is deferred.');
    if (types.has(request.type) && !memory.cancelled.has(id) && !memory.ended.has(id)) {
      // Another record of the task is open in tasks.requested: the task comes to its end by that one.
      if (executor.holds(id)) return;
      await pace(0, signal);
      await write(copyOf(record, 'tasks.requested', withoutDueTime(originalHeaders(record))), signal);
      return;
    }
    await executor.execute(request, {
      signal,
      traceparent: record.headers['traceparent'],
      record: {
        sinceMs,
        async defer(times, signal) {
          await pace(record.value?.length ?? 0, signal);
          await defer(record, times, signal);
        },
      },
    });
  });
}

const originalHeaders = (record: ConsumedRecord) => record.original?.headers ?? record.headers;

/** Same key, same bytes. A record that could be decoded has both. */
function copyOf(
  record: ConsumedRecord,
  topic: string,
  headers: NonNullable<OutgoingRecord['headers']>,
): OutgoingRecord {
  return { topic, key: record.key!, value: record.value!, headers };
}
