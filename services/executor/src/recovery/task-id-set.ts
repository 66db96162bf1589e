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
