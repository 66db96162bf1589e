/**
 * What a handler throws when the same run may succeed later: the task is tried again, up to its type's limit. Whatever
 * else it throws is final. Any error whose `retryable` is true counts the same.
 */
export class RetryableTaskError extends Error {
  readonly retryable = true;
  override readonly name: string = 'RetryableTaskError';
  /** For programs: a word in kebab-case. */
  readonly code: string;

  constructor(message: string, { code = 'handler-failed', cause }: { code?: string; cause?: unknown } = {}) {
    super(message, { cause });
    this.code = code;
  }
}
