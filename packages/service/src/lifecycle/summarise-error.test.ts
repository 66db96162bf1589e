import { describe, expect, test } from '@jest/globals';
import { isOperational, summariseError } from './summarise-error.ts';

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
