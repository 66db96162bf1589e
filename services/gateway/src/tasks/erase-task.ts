import { hasEnded } from '@nask/schemas';
import type { LogPosition } from '../read-model/consistency-token.ts';
import { TaskNotEndedError } from '../errors.ts';
import type { VisibleTaskDocument } from './task-view.rules.ts';

export interface ErasedTask {
  /** `erased`: no reader finds it any more; `accepted`: the read model has not come that far yet. */
  outcome: 'erased' | 'accepted';
  /** Where the erasure was written. */
  position: LogPosition;
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
 * @throws TaskNotFoundError, TaskErasedError; TaskNotEndedError while it may still write events; what the ports throw
 */
export async function eraseTask(ports: EraserPorts, id: number): Promise<ErasedTask> {
  const task = await ports.find();
  if (!hasEnded(task.status)) throw new TaskNotEndedError(`Task ${id} has not ended: its status is ${task.status}.`);
  const position = await ports.publish(task);
  const outcome = await ports.projected(position).then(
    () => 'erased' as const,
    () => 'accepted' as const,
  );
  return { outcome, position };
}
