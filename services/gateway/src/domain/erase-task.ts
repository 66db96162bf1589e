import { hasEnded } from '@nask/schemas';
import { TaskNotEndedError } from './errors.ts';
import type { VisibleTaskDocument } from './task-view.ts';

/** Where in the log an event is. */
export interface LogPosition {
  readonly partition: number;
  readonly offset: number;
}

export interface EraserPorts {
  find(): Promise<VisibleTaskDocument>;
  /** Writes the event; resolves with its place once Kafka acknowledged it. */
  publish(task: VisibleTaskDocument): Promise<LogPosition>;
  /** Resolves when the event is in the read model; rejects when that takes too long. */
  projected(position: LogPosition): Promise<void>;
}

/**
 * Erases a task that has ended. Once the event is acknowledged the task will be erased, for good.
 * @returns `erased`: no reader finds it any more; `accepted`: the read model has not come that far yet
 * @throws TaskNotFoundError, TaskErasedError; TaskNotEndedError while it may still write events; what the ports throw
 */
export async function eraseTask(ports: EraserPorts, id: number): Promise<'erased' | 'accepted'> {
  const task = await ports.find();
  if (!hasEnded(task.status)) throw new TaskNotEndedError(`Task ${id} has not ended: its status is ${task.status}.`);
  const position = await ports.publish(task);
  return ports.projected(position).then(
    () => 'erased',
    () => 'accepted',
  );
}
