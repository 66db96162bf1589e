import type { NextAttempt } from '../tasks/next-attempt.rules.ts';

/** What was read back from the log when a partition was assigned. */
interface PartitionHistory {
  /** The tasks that had begun or failed, and not ended: at most what was in hand at a time. */
  readonly open: ReadonlyMap<number, NextAttempt>;
  /** Below this offset a process that died may have begun any request; 0 when none died. */
  readonly mayHaveBegunBelow: number;
}

/** What is known of a task when its request is delivered. */
export interface Delivery {
  /** Undefined: it has neither begun nor failed. */
  readonly next: NextAttempt | undefined;
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
    return { next: known?.open.get(taskId), mayHaveBegun: offset < (known?.mayHaveBegunBelow ?? 0) };
  }
}

/** Ids a block: ids are given in blocks, so those that are near each other share one. */
const blockSize = 1_024;
const bitsPerWord = 32;

/**
 * A set of task ids, as a bitmap in blocks of 1,024: where ids are dense it takes less than a byte an id. It holds
 * `maxBlocks` blocks; beyond them the block that was begun first is forgotten, as a whole.
 */
export class TaskIdSet {
  readonly #maxBlocks: number;
  readonly #blocks = new Map<number, Uint32Array>();

  constructor(maxBlocks: number) {
    this.#maxBlocks = maxBlocks;
  }

  add(id: number): void {
    const number = Math.floor(id / blockSize);
    let block = this.#blocks.get(number);
    if (block === undefined) {
      if (this.#blocks.size === this.#maxBlocks) this.#blocks.delete(this.#blocks.keys().next().value!);
      this.#blocks.set(number, (block = new Uint32Array(blockSize / bitsPerWord)));
    }
    const bit = id % blockSize;
    block[bit >>> 5]! |= 1 << (bit % bitsPerWord);
  }

  has(id: number): boolean {
    const bit = id % blockSize;
    const word = this.#blocks.get(Math.floor(id / blockSize))?.[bit >>> 5] ?? 0;
    return (word & (1 << (bit % bitsPerWord))) !== 0;
  }
}
