import { describe, expect, test } from '@jest/globals';
import { isOperational, serialiseError, summariseError } from './errors.ts';

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

const withCode = (code: string, message = 'message') => Object.assign(new Error(message), { code });

describe('summariseError', () => {
  test('is the messages of an error and its causes, in one line', () => {
    expect(summariseError(new Error('a', { cause: new Error('b', { cause: 'c' }) }))).toBe('a: b: c');
  });

  test('is the code where there is no message', () => {
    expect(summariseError(withCode('ECONNREFUSED', ''))).toBe('ECONNREFUSED');
  });

  test('ends for an error that is its own cause', () => {
    const error = new Error('a');
    error.cause = error;
    expect(summariseError(error)).toBe('a: a: a: a: a: a');
  });
});

class StoreAwayError extends Error {}

test.each([
  ['a system error', withCode('EADDRINUSE'), true],
  ['an error with a type of its own', new StoreAwayError('away'), true],
  ['a wrong call of Node', withCode('ERR_INVALID_ARG_TYPE'), false],
  ['a TypeError', new TypeError('undefined is not a function'), false],
  ['a bare Error', new Error('something'), false],
  ['no error at all', 'text', false],
])('isOperational: %s', (_, error, expected) => {
  expect(isOperational(error)).toBe(expected);
});
