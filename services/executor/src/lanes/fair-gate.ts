type Release = () => void;

export interface GateLoad {
  readonly entered: number;
  readonly waiting: number;
}

interface Waiter {
  readonly admit: () => void;
}

/**
 * Lets at most `places` in at a time. Who comes later stands in line: one line a key, first come first served, and the
 * lines take turns. So a flood of one key does not shut out the others.
 *
 * The lines have no limit of their own: what they hold is bounded by the caller (the consumer's intake).
 */
export class FairGate {
  #places: number;
  #entered = 0;
  #waiting = 0;
  /** The lines that are not empty, the next to have its turn first. */
  readonly #lines = new Map<string, Set<Waiter>>();

  constructor(places: number) {
    this.#places = places;
  }

  /** How many are in, and how many stand in line. */
  get load(): GateLoad {
    return { entered: this.#entered, waiting: this.#waiting };
  }

  /** Changes how many it lets in. Who is in stays in. */
  resize(places: number): void {
    this.#places = places;
    this.#admit();
  }

  /**
   * Waits for a place.
   * @returns gives the place back; safe to call again
   * @throws the signal's reason when it is aborted before there is a place
   */
  async enter(key: string, signal: AbortSignal): Promise<Release> {
    signal.throwIfAborted();
    if (this.#entered < this.#places) this.#entered++;
    else await this.#standInLine(key, signal);
    let isIn = true;
    return () => {
      if (!isIn) return;
      isIn = false;
      this.#entered--;
      this.#admit();
    };
  }

  #standInLine(key: string, signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const line = this.#lines.get(key) ?? new Set();
      const giveUp = () => {
        line.delete(waiter);
        if (line.size === 0) this.#lines.delete(key);
        this.#waiting--;
        reject(signal.reason);
      };
      const waiter = {
        admit: () => {
          signal.removeEventListener('abort', giveUp);
          resolve();
        },
      };
      this.#lines.set(key, line.add(waiter));
      this.#waiting++;
      signal.addEventListener('abort', giveUp, { once: true });
    });
  }

  #admit(): void {
    while (this.#entered < this.#places) {
      const [turn] = this.#lines;
      if (turn === undefined) return;
      const [key, line] = turn;
      const [waiter] = line;
      line.delete(waiter!);
      this.#lines.delete(key);
      if (line.size > 0) this.#lines.set(key, line);
      this.#waiting--;
      this.#entered++;
      waiter!.admit();
    }
  }
}
