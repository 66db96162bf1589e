import { taskResource, type TaskResource } from '@nask/schemas';
import type { NewTask } from './new-task.rules.ts';

/** A task that has just been accepted, as clients see it. */
export function pendingTask(id: number, task: NewTask): TaskResource {
  return taskResource({ id, status: 'PENDING', ...task });
}
