import { HandedBackError } from '../domain/handed-back-error.ts';

/** A task that this process holds: it stands in line, runs, or its outcome is being sent. */
export class RunningTask {
  readonly #controller = new AbortController();
  /** When its work will be done, ms since 1970: unknown, or not before it begins. */
  #endsAtMs = Number.POSITIVE_INFINITY;
  #state: 'in-line' | 'running' | 'done' = 'in-line';

  /** Aborted when the task is to stop; the reason says why. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** @param endsAtMs when the work will be done, where that is known */
  begin(endsAtMs: number | undefined): void {
    this.#state = 'running';
    this.#endsAtMs = endsAtMs ?? 0;
  }

  /** The work is done, what is left is to send the outcome. */
  finish(): void {
    this.#state = 'done';
  }

  handBack(why: string): void {
    if (!this.signal.aborted) this.#controller.abort(new HandedBackError(why));
  }

  /** Hands the task back now if it has not begun, or cannot end before the deadline. */
  handBackUnlessDoneBy(deadlineMs: number): void {
    if (this.#state !== 'done' && this.#endsAtMs > deadlineMs) this.handBack('This executor stops.');
  }
}
