/** Remembers the last `limit` ids that were added; older ones are forgotten, the first added first. */
export class RecentIds {
  readonly #limit: number;
  readonly #ids = new Set<number>();

  constructor(limit: number) {
    this.#limit = limit;
  }

  add(id: number): void {
    this.#ids.add(id);
    if (this.#ids.size > this.#limit) this.#ids.delete(this.#ids.values().next().value!);
  }

  has(id: number): boolean {
    return this.#ids.has(id);
  }
}
