import { setTimeout as sleep } from 'node:timers/promises';

/** The work took longer than it may. */
class TimedOutError extends Error {
  readonly code = 'TIMED_OUT';
  override readonly name = 'TimedOutError';
}

/** The longest that a timer of Node's takes; beyond it, it fires at once. */
const maxTimerMs = 2 ** 31 - 1;

/** A signal for work that has a time limit: it fires with another one, or when the time is up. */
export class TimeLimit {
  readonly #controller = new AbortController();
  readonly #limitMs: number;
  readonly #outer: AbortSignal;
  readonly #onAbort = () => this.#controller.abort(this.#outer.reason);
  #timer: NodeJS.Timeout | undefined;

  constructor(outer: AbortSignal, limitMs: number) {
    this.#outer = outer;
    this.#limitMs = limitMs;
    if (outer.aborted) this.#onAbort();
    else outer.addEventListener('abort', this.#onAbort, { once: true });
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Whether time was up before anything else stopped the work. */
  get hasTimedOut(): boolean {
    return this.signal.reason instanceof TimedOutError;
  }

  /** The time begins. */
  begin(): void {
    if (this.#limitMs > maxTimerMs) return;
    const timedOut = new TimedOutError(`The task ran longer than ${this.#limitMs} ms.`);
    this.#timer = setTimeout(() => this.#controller.abort(timedOut), this.#limitMs);
  }

  /** The work has ended. */
  end(): void {
    clearTimeout(this.#timer);
    this.#outer.removeEventListener('abort', this.#onAbort);
  }
}

/**
 * Waits until a time of the given clock.
 * @throws the signal's reason
 */
export async function pauseUntil(timeMs: number, nowMs: () => number, signal: AbortSignal): Promise<void> {
  for (let leftMs = timeMs - nowMs(); leftMs > 0; leftMs = timeMs - nowMs()) {
    await sleep(Math.min(leftMs, maxTimerMs), undefined, { signal }).catch(() => {});
    signal.throwIfAborted();
  }
}
