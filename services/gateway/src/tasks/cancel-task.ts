import { hasEnded } from '@nask/schemas';
import type { LogPosition } from '../read-model/consistency-token.ts';
import { TaskEndedError } from '../errors.ts';
import type { VisibleTaskDocument } from './task-view.rules.ts';

export interface CancelledTask {
  task: VisibleTaskDocument;
  position: LogPosition;
}

/**
 * Asks that a task be stopped. Whether it is comes out in the log: an end that is there before the executor has stopped
 * it stays the outcome, also one that the read model does not show yet.
 * @returns the task as it is, and where the request was written
 * @throws TaskNotFoundError when there is none; TaskEndedError when it is known to have ended; what the ports throw
 */
export async function cancelTask(
  ports: { find(): Promise<VisibleTaskDocument>; requestCancellation(): Promise<LogPosition> },
  id: number,
): Promise<CancelledTask> {
  const task = await ports.find();
  if (hasEnded(task.status)) throw new TaskEndedError(`Task ${id} has ended: its status is ${task.status}.`);
  return { task, position: await ports.requestCancellation() };
}
