import type { Scheduler } from '../../src/consumer/group/group-client.ts';
import type { VirtualTime } from './virtual-time.ts';

/** The time of one process, which can stand still, and end. */
export class SimulatedProcess implements Scheduler {
  readonly #time: VirtualTime;
  #alive = true;
  #frozenUntilMs = 0;

  constructor(time: VirtualTime) {
    this.#time = time;
  }

  get alive(): boolean {
    return this.#alive;
  }

  nowMs(): number {
    return this.#time.nowMs();
  }

  random(): number {
    return this.#time.random();
  }

  after(delayMs: number, task: () => void): () => void {
    let cancelled = false;
    const run = () => {
      if (cancelled || !this.#alive) return;
      const frozenForMs = this.#frozenUntilMs - this.nowMs();
      if (frozenForMs > 0) this.#time.after(frozenForMs, run);
      else task();
    };
    this.#time.after(delayMs, run);
    return () => {
      cancelled = true;
    };
  }

  /** SIGKILL: nothing of it happens any more. */
  kill(): void {
    this.#alive = false;
  }

  /** A blocked event loop: all that was due happens afterwards. */
  freeze(forMs: number): void {
    this.#frozenUntilMs = this.nowMs() + forMs;
  }
}
