import type { TaskHistory } from '../tasks/next-attempt.rules.ts';
import { TaskIdSet } from './task-id-set.ts';

/** What the log said of a partition when it was assigned. */
export interface PartitionHistory {
  /** The tasks that had begun or failed, and not ended: at most what was in hand at a time. */
  readonly open: ReadonlyMap<number, TaskHistory>;
  /** Below this offset a process that died may have begun any request; 0 when none died. */
  readonly mayHaveBegunBelow: number;
}

/** What is known of a task when its request is delivered. */
export interface Delivery {
  /** Undefined: it has neither begun nor failed. */
  readonly history: TaskHistory | undefined;
  readonly mayHaveBegun: boolean;
}

/** 1,024 ids each: 100 million tasks where ids are dense, in about 30 MB. */
const maxBlocks = 100_000;

/**
 * What this process knows of tasks beside those that it holds: which have ended, which were cancelled, and where those
 * stand that others had begun. Bounded; it is read back from the log when a partition is assigned.
 */
export class TaskMemory {
  readonly ended = new TaskIdSet(maxBlocks);
  readonly cancelled = new TaskIdSet(maxBlocks);
  readonly #partitions = new Map<number, PartitionHistory>();

  /** A partition of `tasks.requested` begins here. */
  begin(partition: number, history: PartitionHistory): void {
    this.#partitions.set(partition, history);
  }

  /** It is another's. */
  leave(partition: number): void {
    this.#partitions.delete(partition);
  }

  deliveryOf(taskId: number, { partition, offset }: { partition: number; offset: number }): Delivery {
    const known = this.#partitions.get(partition);
    return { history: known?.open.get(taskId), mayHaveBegun: offset < (known?.mayHaveBegunBelow ?? 0) };
  }
}
