import type { TaskAttemptFailed, TaskCompleted, TaskProgressed, TaskStarted } from '@nask/schemas';

/** The log that the executor's events go to. */
export interface TaskEventLog {
  /**
   * Returns once the log has the event for good; tries until then.
   * @throws the signal's reason, at once, when it is aborted: the event may be in the log or not
   * @throws EventTooLargeError
   */
  started(event: TaskStarted, options: PublishOptions): Promise<void>;
  /** Same as `started`. */
  attemptFailed(event: TaskAttemptFailed, options: PublishOptions): Promise<void>;
  /** Same as `started`. */
  completed(event: TaskCompleted, options: PublishOptions): Promise<void>;
  /** Writes it if it can: not above a rate, and without waiting. Nothing depends on it. */
  progressed(event: TaskProgressed): void;
}

export interface PublishOptions {
  readonly signal: AbortSignal;
  /** W3C trace context of the request. */
  readonly traceparent?: string;
}

/** The event is larger than a record may be; trying again does not change that. */
export class EventTooLargeError extends Error {
  readonly code = 'EVENT_TOO_LARGE';
  override readonly name = 'EventTooLargeError';
}
