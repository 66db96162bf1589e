import type { NotificationState } from '@nask/schemas';
import { LRUCache } from 'lru-cache';

/** One attempt at a webhook. */
export interface AttemptId {
  /** The task's id, as records are keyed. */
  taskKey: string;
  /** Offset of the completion in `tasks.completed`; the lowest of a task is its outcome. */
  completionOffset: number;
  /** 0 for the task's end, 1 + the request's offset for a redelivery: a later round replaces the earlier ones. */
  round: number;
  /** From 1 in each round. */
  attempt: number;
}

export interface DeliveryMemory {
  /**
   * Whether this attempt is still to be made. Not when a completion with a lower offset is known, a later round was
   * begun, this round has ended, or this attempt was made already. Notes that the completion and the round are there.
   */
  isDue(attempt: AttemptId): boolean;
  /** An attempt was made, and this is how the notification stands: here, or by another process before. */
  attempted(attempt: AttemptId, state: NotificationState): void;
  /** There is a completion of the task at this offset. */
  seen(taskKey: string, completionOffset: number): void;
  /** The completion turned out to be none: what comes later may be the first. Nothing was attempted. */
  release(taskKey: string, completionOffset: number): void;
  /** How many tasks are remembered. */
  size(): number;
}

interface Known {
  completionOffset: number;
  round: number;
  /** The highest attempt of the round that was made. */
  attempt: number;
  hasEnded: boolean;
}

/**
 * What is known of the webhooks of tasks: enough not to send twice what needs no second time. Attempts may be
 * noted repeatedly and in any order: the memory is rebuilt from the log when partitions are assigned.
 * @param maxTasks how many tasks are remembered; beyond it the one that was asked for longest ago is forgotten, and a
 *   repeat of it would be sent, with the same webhook-id
 */
export function createDeliveryMemory(maxTasks: number): DeliveryMemory {
  const tasks = new LRUCache<string, Known>({ max: maxTasks });

  function note(taskKey: string, { ...known }: Known): void {
    tasks.set(taskKey, known);
  }

  return {
    isDue({ taskKey, completionOffset, round, attempt }) {
      const known = tasks.get(taskKey);
      if (known === undefined) {
        note(taskKey, { completionOffset, round, attempt: attempt - 1, hasEnded: false });
        return true;
      }
      if (known.completionOffset < completionOffset || known.round > round) return false;
      if (known.completionOffset > completionOffset || known.round < round) {
        note(taskKey, { completionOffset, round, attempt: attempt - 1, hasEnded: false });
        return true;
      }
      return !known.hasEnded && known.attempt < attempt;
    },

    attempted({ taskKey, completionOffset, round, attempt }, state) {
      const known = tasks.get(taskKey);
      const isOutdated =
        known !== undefined &&
        (completionOffset > known.completionOffset ||
          (completionOffset === known.completionOffset && round < known.round));
      if (isOutdated) return;
      const isSame = known?.completionOffset === completionOffset && known.round === round;
      note(taskKey, {
        completionOffset,
        round,
        attempt: Math.max(attempt, isSame ? known.attempt : 0),
        hasEnded: state !== 'RETRYING' || (isSame && known.hasEnded),
      });
    },

    seen(taskKey, completionOffset) {
      const known = tasks.get(taskKey);
      if (known === undefined || completionOffset < known.completionOffset)
        note(taskKey, { completionOffset, round: 0, attempt: 0, hasEnded: false });
    },

    release(taskKey, completionOffset) {
      const known = tasks.peek(taskKey);
      if (known?.completionOffset === completionOffset && known.round === 0 && known.attempt === 0)
        tasks.delete(taskKey);
    },

    size: () => tasks.size,
  };
}
