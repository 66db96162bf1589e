import type { Scheduler } from '../../src/consumer/group/group-client.ts';

interface Event {
  atMs: number;
  order: number;
  task: () => void;
}

/**
 * Time that passes only by events: each is run at its moment, in the order they were planned, and whatever promises it
 * settles have had their effect before the next. The same seed gives the same run.
 */
export class VirtualTime implements Scheduler {
  readonly random: () => number;
  #nowMs = 0;
  #order = 0;
  #events: Event[] = [];

  constructor(seed: number) {
    this.random = seededRandom(seed);
  }

  nowMs(): number {
    return this.#nowMs;
  }

  after(delayMs: number, task: () => void): () => void {
    const event = { atMs: this.#nowMs + delayMs, order: (this.#order += 1), task };
    this.#insert(event);
    return () => {
      event.task = () => undefined;
    };
  }

  /** A number of milliseconds from `from` on, below `to`. */
  between(from: number, to: number): number {
    return from + Math.floor(this.random() * (to - from));
  }

  /** Lets time pass until the condition holds or nothing is planned any more; throws at `limitMs`. */
  async runUntil(condition: () => boolean, limitMs: number): Promise<void> {
    while (!condition()) {
      const event = this.#events.shift();
      if (event === undefined) return;
      if (event.atMs > limitMs) throw new Error(`not reached by ${limitMs} ms of virtual time`);
      this.#nowMs = event.atMs;
      event.task();
      // All promises that follow from it.
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  #insert(event: Event): void {
    let low = 0;
    let high = this.#events.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#events[middle]!.atMs <= event.atMs) low = middle + 1;
      else high = middle;
    }
    this.#events.splice(low, 0, event);
  }
}

/** mulberry32: small, and good enough to shuffle events. */
function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
