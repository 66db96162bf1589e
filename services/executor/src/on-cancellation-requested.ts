import { DeadLetterError, type ConsumedRecord } from '@nask/kafka';
import { UndecodableError, type EventCodec } from '@nask/task-log';
import type { TaskExecutor } from './tasks/task-executor.ts';

/**
 * What the consumer does with a record of `tasks.cancellation-requested`. It is done at once: what is not stopped before
 * this process ends is read back by whoever gets the partition next.
 */
export function handleCancellation(
  codec: EventCodec,
  executor: Pick<TaskExecutor, 'cancel'>,
): (record: ConsumedRecord) => Promise<void> {
  return async (record) => {
    try {
      const { task_id: id } = await codec.decode('tasks.cancellation-requested', record.value);
      if (id < 1 || String(id) !== record.key)
        throw new DeadLetterError(`The key ${JSON.stringify(record.key)} is not the id of the task, ${id}.`);
      executor.cancel(id);
    } catch (error) {
      if (error instanceof UndecodableError) throw new DeadLetterError(error.message, { record, cause: error });
      throw error;
    }
  };
}
