/**
 * What is under way, for things that come and go with every request: a Set that grows and shrinks for ever would keep
 * them alive after their end (docs/decisions/0046).
 */
export class Slots<T extends object> {
  readonly #slots: (T | undefined)[] = [];
  readonly #free: number[] = [];

  /** How many there are. */
  get size(): number {
    return this.#slots.length - this.#free.length;
  }

  /** @returns the slot, to remove it by, once */
  add(item: T): number {
    const slot = this.#free.pop() ?? this.#slots.length;
    this.#slots[slot] = item;
    return slot;
  }

  remove(slot: number): void {
    this.#slots[slot] = undefined;
    this.#free.push(slot);
  }

  /** In no order. */
  all(): T[] {
    return this.#slots.filter((item) => item !== undefined);
  }
}
