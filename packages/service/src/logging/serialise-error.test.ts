import { describe, expect, test } from '@jest/globals';
import { serialiseError } from './serialise-error.ts';

class QueueFullError extends Error {
  override readonly name = 'QueueFullError';
  readonly code = 'QUEUE_FULL';
  readonly retryable = true;
  readonly document = { large: true };
}

describe('serialiseError', () => {
  test('keeps type, message, code and plain fields, stack and cause, and leaves objects out', () => {
    const error = new QueueFullError('queue is full', { cause: new TypeError('deeper') });
    expect(serialiseError(error)).toEqual({
      type: 'QueueFullError',
      name: 'QueueFullError',
      message: 'queue is full',
      code: 'QUEUE_FULL',
      retryable: true,
      stack: error.stack,
      cause: { type: 'TypeError', message: 'deeper', stack: expect.any(String) },
    });
  });

  test('has the errors of an AggregateError', () => {
    const error = new AggregateError([new Error('one'), 'two'], 'all failed');
    expect(serialiseError(error)).toMatchObject({ type: 'AggregateError', errors: [{ message: 'one' }, 'two'] });
  });

  test('is bounded: an error that is its own cause, many errors, a long message', () => {
    const circular = new Error('x'.repeat(100_000));
    circular.cause = circular;
    expect(JSON.stringify(serialiseError(circular)).length).toBeLessThan(200_000);
    const many = new AggregateError(Array.from({ length: 1_000 }, () => new Error('one')));
    expect((serialiseError(many) as { errors: unknown[] }).errors).toHaveLength(10);
  });

  test('passes on what is no error', () => {
    expect(serialiseError('text')).toBe('text');
    expect(serialiseError(undefined)).toBeUndefined();
  });
});
