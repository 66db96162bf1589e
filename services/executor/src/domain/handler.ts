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
   * @throws anything: the task ends in FAILURE with the error's message, and its `code` where that is a kebab-case word
   */
  run(payload: Payload, context: HandlerContext): unknown;
  /** compute: whether this payload takes well below a millisecond, so that it needs no thread. Default: never. */
  isTiny?(payload: Payload): boolean;
  /** wait: how long this payload takes, where that is known, so that a process that stops need not wait in vain. */
  durationMs?(payload: Payload): number;
}

export interface HandlerContext {
  /** Aborted when the work is to stop. A thread is stopped as a whole: there it is never aborted. */
  readonly signal: AbortSignal;
  /** Tells how far the work has come, 0 to 1. May be called often: what is too much is dropped. */
  readonly progress: (fraction: number) => void;
  readonly logger: HandlerLogger;
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
