import { LRUCache } from 'lru-cache';

export interface FirstCompletions {
  /**
   * Whether a completion is to be sent: it is the first of its task as far as is known, and was not delivered yet.
   * @param offset of the completion: those of one task are in one partition, and the lowest is its outcome
   */
  claim(taskKey: string, offset: number): boolean;
  /** The receiver has it: the same record, should it come again, is not to be sent again. */
  delivered(taskKey: string, offset: number): void;
  /** The completion turned out to be none, or none to be sent: what comes later may be the first. */
  release(taskKey: string, offset: number): void;
}

/**
 * Remembers which completion of a task came first, so that a repeated one is not sent. Takes no note across processes
 * or restarts.
 * @param maxTasks how many tasks are remembered; beyond it the one that was asked for longest ago is forgotten, and a
 *   repeat of it would be sent, with the same webhook-id
 */
export function createFirstCompletions(maxTasks: number): FirstCompletions {
  const known = new LRUCache<string, { offset: number; delivered: boolean }>({ max: maxTasks });

  return {
    claim(taskKey, offset) {
      const first = known.get(taskKey);
      if (first !== undefined && first.offset < offset) return false;
      if (first?.offset === offset) return !first.delivered;
      known.set(taskKey, { offset, delivered: false });
      return true;
    },
    delivered(taskKey, offset) {
      const first = known.peek(taskKey);
      if (first?.offset === offset) first.delivered = true;
    },
    release(taskKey, offset) {
      if (known.peek(taskKey)?.offset === offset) known.delete(taskKey);
    },
  };
}
