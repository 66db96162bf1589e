import { acceptOnce, type IdempotencyKeys } from '../idempotency/accept-once.ts';
import type { LogPosition } from '../read-model/consistency-token.ts';
import type { Correlation } from '../http/correlation.ts';
import { fingerprintOf } from '../idempotency/idempotency-key.ts';
import type { TaskIdentity } from './task-identity.ts';
import type { NewTask } from './new-task.rules.ts';

/** Writes tasks to the log. */
export interface TaskPublisher {
  /** @throws UnavailableError NOT_ACCEPTED when there is no id to be had in time */
  identify(): Promise<TaskIdentity>;
  /**
   * Resolves with its place in the log once Kafka acknowledged the task with acks=all.
   * @throws UnavailableError when it was certainly not accepted; OutcomeUnknownError; TaskTooLargeError
   */
  publish(task: NewTask, identity: TaskIdentity, correlation: Correlation, leftMs: number): Promise<LogPosition>;
}

export interface AcceptedTask {
  id: number;
  /** Where it was written. Not known of a task that was accepted before, with the same key. */
  position?: LogPosition;
}

/**
 * Accepts a task, for good: resolves with its id once Kafka acknowledged it, until the deadline.
 * @param idempotencyKey accept it once for this key; without one, each time
 */
export type AcceptTask = (task: NewTask, correlation: Correlation, idempotencyKey?: string) => Promise<AcceptedTask>;

export function createTaskAcceptor(options: {
  publisher: TaskPublisher;
  keys: IdempotencyKeys;
  deadlineMs: number;
  nowMs: () => number;
  /** Told when a key could not be marked. */
  onMarkFailure: (error: unknown) => void;
}): AcceptTask {
  const { publisher, keys, deadlineMs, nowMs, onMarkFailure } = options;
  // A request that is being published is answered by the deadline; the rest is for the keys themselves.
  const holdMs = 2 * deadlineMs;

  return async (task, correlation, idempotencyKey) => {
    const startedAtMs = nowMs();
    let position: LogPosition | undefined;
    const publish = async (identity: TaskIdentity) => {
      const leftMs = Math.max(1, deadlineMs - (nowMs() - startedAtMs));
      position = await publisher.publish(task, identity, correlation, leftMs);
    };
    if (idempotencyKey !== undefined) {
      const ports = { keys, identify: publisher.identify, publish, nowMs, holdMs, onMarkFailure };
      const id = await acceptOnce(ports, { key: idempotencyKey, fingerprint: fingerprintOf(task) });
      return { id, position };
    }
    const identity = await publisher.identify();
    await publish(identity);
    return { id: identity.taskId, position };
  };
}
