import type { EventHandler } from '@nask/task-log';
import type { TaskExecutor } from './tasks/task-executor.ts';

/**
 * A task is cancelled: its work stops if it is held here, and it never begins if it is delivered later. The record is done
 * at once: the executor that gets the partition next reads back what is not stopped when this process ends.
 */
export function onCancellationRequested(executor: TaskExecutor): EventHandler<'tasks.cancellation-requested'> {
  return async (_, { read }) => executor.cancel((await read()).task_id);
}
