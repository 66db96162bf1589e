/**
 * A task was not brought to its end here: this process stops, or its partition went to another executor. Nothing is
 * sent for it and its record is not committed, so it runs again elsewhere.
 */
export class HandedBackError extends Error {
  readonly code = 'HANDED_BACK';
  override readonly name = 'HandedBackError';
}

/** The task was cancelled: its work stops, and it ends as REVOKED. */
class RevokedError extends Error {
  readonly code = 'REVOKED';
  override readonly name = 'RevokedError';
}

/** A task that this process holds: it waits for a place, runs, or its outcome is being sent. */
export class HeldTask {
  readonly #work = new AbortController();
  readonly #hold = new AbortController();
  /** When its work will be done, ms since 1970: unknown, or not before it begins. */
  #endsAtMs = Number.POSITIVE_INFINITY;
  #isDone = false;

  /** Aborted when its work is to stop, for it is handed back or cancelled; the reason says which. */
  get signal(): AbortSignal {
    return this.#work.signal;
  }

  /** Aborted when it is handed back: then nothing more of it is for this process to say. */
  get handedBack(): AbortSignal {
    return this.#hold.signal;
  }

  get isRevoked(): boolean {
    return this.#work.signal.reason instanceof RevokedError;
  }

  /** @param endsAtMs when the work will be done, where that is known */
  begin(endsAtMs: number | undefined): void {
    this.#endsAtMs = endsAtMs ?? 0;
  }

  /** It waits for its next attempt. */
  pause(): void {
    this.#endsAtMs = Number.POSITIVE_INFINITY;
  }

  /** The work is done, what is left is to send the outcome. */
  finish(): void {
    this.#isDone = true;
  }

  /** Stops its work, unless that is done: then what it has become stays. */
  revoke(): void {
    if (!this.#isDone && !this.signal.aborted) this.#work.abort(new RevokedError('The task was cancelled.'));
  }

  handBack(why: string): void {
    const error = new HandedBackError(why);
    if (!this.handedBack.aborted) this.#hold.abort(error);
    if (!this.signal.aborted) this.#work.abort(error);
  }

  /** Hands the task back now if it has not begun, or cannot end before the deadline. */
  handBackUnlessDoneBy(deadlineMs: number): void {
    if (!this.#isDone && !this.isRevoked && this.#endsAtMs > deadlineMs) this.handBack('This executor stops.');
  }
}
