/**
 * Which records of one partition are done, when they may end in any order.
 *
 * Every offset below `watermark` is done, and `watermark` is not: it is what a consumer commits. Above it, what is done
 * is kept as run lengths, which travel with the commit (offset-map.ts), so that whoever continues from a commit knows
 * them. An offset that the log does not have (compaction, transaction markers) counts as done once it has been passed.
 *
 * The scheme is that of Confluent's Parallel Consumer: highest sequential offset plus encoded completions beyond it.
 */
export class OffsetTracker {
  /** The lowest offset that has neither been opened nor is known to be done. */
  #next: number;
  readonly #open = new Set<number>();
  /** Opened offsets, ascending from #head; those that are done are dropped now and then. */
  #order: number[] = [];
  #head = 0;
  /** Offsets at and above #next that an earlier consumer completed: ascending, [start, end). */
  readonly #doneAhead: [start: number, end: number][] = [];

  /**
   * @param watermark the lowest offset that is not done
   * @param runs from `watermark` on, how many offsets in a row are open, done, open, done ...: an earlier
   *   `completedRuns()`
   */
  constructor(watermark: number, runs: readonly number[] = []) {
    this.#next = watermark;
    let offset = watermark;
    for (const [index, length] of runs.entries()) {
      if (index % 2 === 1 && length > 0) this.#doneAhead.push([offset, offset + length]);
      offset += length;
    }
    this.#passDoneAhead();
  }

  /** The lowest offset that is not done: the one to commit. */
  get watermark(): number {
    return this.#order[this.#head] ?? this.#next;
  }

  /** Where to read on. */
  get next(): number {
    return this.#next;
  }

  get openCount(): number {
    return this.#open.size;
  }

  /** How many offsets from `next` on an earlier consumer completed. */
  get doneAheadCount(): number {
    return this.#doneAhead.reduce((sum, [start, end]) => sum + end - Math.max(start, this.#next), 0);
  }

  /** How many offsets lie between the watermark and the end of what is known: the length a map of them has to have. */
  get span(): number {
    return Math.max(this.#next, this.#doneAhead.at(-1)?.[1] ?? 0) - this.watermark;
  }

  /** Whether an offset was opened or done before: a record that is delivered again. */
  isKnown(offset: number): boolean {
    return offset < this.#next || this.#isDoneAhead(offset);
  }

  isOpen(offset: number): boolean {
    return this.#open.has(offset);
  }

  /** Takes a record up. Offsets come in ascending order; what is left out does not exist in the log. */
  open(offset: number): void {
    if (this.isKnown(offset)) throw new RangeError(`offset ${offset} is already known, the next one is ${this.#next}`);
    this.#open.add(offset);
    this.#order.push(offset);
    this.skipTo(offset + 1);
  }

  /** Nothing is left to be opened below `offset`. */
  skipTo(offset: number): void {
    if (offset <= this.#next) return;
    this.#next = offset;
    this.#passDoneAhead();
  }

  /** Marks a record as done. False when it was not open (any more). */
  complete(offset: number): boolean {
    if (!this.#open.delete(offset)) return false;
    while (this.#head < this.#order.length && !this.#open.has(this.#order[this.#head] as number)) this.#head += 1;
    if (this.#order.length > 64 + 2 * this.#open.size) {
      this.#order = [...this.#open];
      this.#head = 0;
    }
    return true;
  }

  /** From the watermark on, how many offsets in a row are open, done, open, done ... Ends with a run of done ones. */
  completedRuns(): number[] {
    const runs: number[] = [];
    let offset = this.watermark;
    let openRun = 0;
    const openUntil = (end: number) => {
      openRun += end - offset;
      offset = end;
    };
    const doneUntil = (end: number) => {
      if (end <= offset) return;
      runs.push(openRun, end - offset);
      openRun = 0;
      offset = end;
    };

    for (const open of this.#open) {
      doneUntil(open);
      openUntil(open + 1);
    }
    doneUntil(this.#next);
    for (const [start, end] of this.#doneAhead) {
      openUntil(start);
      doneUntil(end);
    }
    return runs;
  }

  #isDoneAhead(offset: number): boolean {
    let low = 0;
    let high = this.#doneAhead.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const [start, end] = this.#doneAhead[middle] as [number, number];
      if (offset < start) high = middle;
      else if (offset >= end) low = middle + 1;
      else return true;
    }
    return false;
  }

  #passDoneAhead(): void {
    for (let first = this.#doneAhead[0]; first !== undefined && first[0] <= this.#next; first = this.#doneAhead[0]) {
      this.#next = Math.max(this.#next, first[1]);
      this.#doneAhead.shift();
    }
  }
}
