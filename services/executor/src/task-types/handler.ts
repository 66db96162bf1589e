/**
 * What a task type's handler is. A file in handlers/ has one as its default export; that and the type's payload schema
 * are all that a task type needs.
 */
export interface Handler<Payload = unknown> {
  /** Name of the task type, as its schema file is called. */
  readonly type: string;
  /**
   * `wait`: it runs in the main thread and spends its time waiting (timers, sockets); it must stop when the signal is
   * aborted. `compute`: it runs in a thread of its own, which is stopped from outside.
   */
  readonly kind: 'wait' | 'compute';
  /**
   * Does the work.
   * @param payload valid against the type's schema
   * @returns the result: anything that JSON can say
   * @throws RetryableTaskError: it is tried again, as `retry` says. Anything else: the task ends in FAILURE. Either way
   *   with the error's message, its causes, and its `code` where that is 1 to 64 characters of A-Z, a-z, 0-9, _, . and -
   */
  run(payload: Payload, context: HandlerContext): unknown;
  /** compute: whether this payload takes well below a millisecond, so that it needs no thread. Default: never. */
  isTiny?(payload: Payload): boolean;
  /** wait: how long this payload takes, where that is known, so that a process that stops need not wait in vain. */
  durationMs?(payload: Payload): number;
  /** How long a run may take, ms; past it the task ends in FAILURE (timed-out). A request may ask for less. Default: 25 h. */
  timeLimitMs?: number;
  /** Default: 5 attempts, 1 s before the second, twice as long before each one after, at most a minute. */
  retry?: Partial<RetryPolicy>;
}

/** How often a task is tried whose attempts fail with a retryable error, and how long between them. */
export interface RetryPolicy {
  /** The first attempt among them; 1: never again. */
  readonly maxAttempts: number;
  /** Before the second attempt. It doubles with each attempt. */
  readonly baseDelayMs: number;
  readonly maxDelayMs: number;
}

export interface HandlerContext {
  /** Aborted when the work is to stop. A thread is stopped as a whole: there it is never aborted. */
  readonly signal: AbortSignal;
  /** Tells how far the work has come, 0 to 1. May be called often: what is too much is dropped. */
  readonly progress: (fraction: number) => void;
  readonly logger: HandlerLogger;
  /** Which attempt this is, from 1. */
  readonly attempt: number;
  /**
   * When this attempt began, ms since 1970. For one that goes on in another process that is in the past: a handler that
   * waits for a time goes on towards it.
   */
  readonly startedAtMs: number;
}

/** Lines carry the task's id and type. At most 100 lines a run are kept, the rest is dropped. */
export interface HandlerLogger {
  debug(message: string): void;
  info(message: string): void;
  warn(message: string): void;
  error(message: string): void;
}

/** Gives a handler its type. Use it for the default export. */
export function defineHandler<Payload>(handler: Handler<Payload>): Handler<Payload> {
  return handler;
}

/**
 * What a handler throws when the same run may succeed later: the task is tried again, up to its type's limit. Whatever
 * else it throws is final. Any error whose `retryable` is true counts the same.
 */
export class RetryableTaskError extends Error {
  readonly retryable = true;
  override readonly name: string = 'RetryableTaskError';
  /** For programs: 1 to 64 characters of A-Z, a-z, 0-9, _, . and -. */
  readonly code: string;

  constructor(message: string, { code = 'handler-failed', cause }: { code?: string; cause?: unknown } = {}) {
    super(message, { cause });
    this.code = code;
  }
}
