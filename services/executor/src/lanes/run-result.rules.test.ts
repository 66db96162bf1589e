import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { anyCharacter } from '@nask/testkit/any-text';
import { RetryableTaskError } from '../task-types/handler.ts';
import { failure, maxMessageLength, maxResultBytes, runToResult } from './run-result.rules.ts';

class CodedError extends Error {
  readonly code: unknown;
  constructor(code: unknown, message: string) {
    super(message);
    this.code = code;
  }
}

describe('what a handler does is a result', () => {
  test.each([
    ['a number', 541, '541'],
    ['a string', '34', '"34"'],
    ['an object', { a: [1] }, '{"a":[1]}'],
    ['nothing', undefined, 'null'],
  ])('returning %s succeeds with its JSON', async (_, value, result) => {
    expect(await runToResult(() => value)).toEqual({ outcome: 'SUCCESS', result });
    expect(await runToResult(async () => value)).toEqual({ outcome: 'SUCCESS', result });
  });

  const cyclic: unknown[] = [];
  cyclic.push(cyclic);

  test.each<[string, unknown]>([
    ['a BigInt', 1n],
    ['a function', () => 1],
    ['a cycle', cyclic],
  ])('returning %s, which JSON cannot say, fails', async (_, value) => {
    expect(await runToResult(() => value)).toEqual({
      outcome: 'FAILURE',
      error: { code: 'invalid-result', message: expect.stringContaining('not JSON'), causes: [] },
    });
  });

  test('a result that no record could carry fails, and one at the limit does not', async () => {
    const longest = 'x'.repeat(maxResultBytes - 2);
    expect(await runToResult(() => longest)).toMatchObject({ outcome: 'SUCCESS' });
    expect(await runToResult(() => `${longest}x`)).toEqual({
      outcome: 'FAILURE',
      error: {
        code: 'result-too-large',
        message: expect.stringContaining('524289 bytes; the limit is 524288'),
        causes: [],
      },
    });
  });

  test('throwing what is retryable fails, and says so', async () => {
    const thrown = (error: unknown) =>
      runToResult(() => {
        throw error;
      });
    expect(await thrown(new RetryableTaskError('not yet', { code: 'busy' }))).toMatchObject({
      outcome: 'FAILURE',
      error: { code: 'busy', message: 'not yet' },
      retryable: true,
    });
    expect(await thrown({ message: 'not yet', retryable: true })).toMatchObject({ retryable: true });
    expect(await thrown({ message: 'never', retryable: 'true' })).not.toHaveProperty('retryable');
    expect(await thrown(new Error('never'))).not.toHaveProperty('retryable');
  });

  test('throwing an error fails with its message, and its code where that is a kebab-case word', async () => {
    const of = (error: unknown) =>
      runToResult(() => {
        throw error;
      });
    expect(await of(new Error('disk on fire'))).toMatchObject(failure('handler-failed', 'disk on fire'));
    expect(await of(new CodedError('not-found', 'no such file'))).toMatchObject(failure('not-found', 'no such file'));
    expect(await of(new CodedError('ENOENT', 'no such file'))).toMatchObject(failure('handler-failed', 'no such file'));
    expect(await of(new CodedError('x-'.repeat(200) + 'x', 'long'))).toMatchObject(failure('handler-failed', 'long'));
    expect(await runToResult(() => Promise.reject(new Error('later')))).toMatchObject(
      failure('handler-failed', 'later'),
    );
  });

  test('throwing an error keeps its stack and its causes for the log; nothing thrown, no stack', async () => {
    const cause = new CodedError('ENOTFOUND', 'no address');
    const result = await runToResult(() => Promise.reject(new TypeError('fetch failed', { cause })));
    expect(result).toMatchObject({ stack: expect.stringMatching(/^TypeError: fetch failed\n[^]*ENOTFOUND/) });
    expect(structuredClone(result)).toEqual(result);
    expect(failure('timed-out', 'too long')).not.toHaveProperty('stack');
  });

  test('throwing what throws when it is looked at fails', async () => {
    const { proxy, revoke } = Proxy.revocable({}, {});
    revoke();
    const hostile = {
      get message() {
        throw new Error('hostile');
      },
    };
    for (const thrown of [proxy, hostile])
      expect(await runToResult(() => Promise.reject(thrown))).toMatchObject({ error: { code: 'handler-failed' } });
  });

  test('whatever is thrown, the failure keeps the form and the limits of the contract', async () => {
    const thrown = fc.oneof(
      fc.anything(),
      fc.record({ code: fc.anything(), message: fc.oneof(fc.anything(), fc.string({ unit: anyCharacter })) }),
    );
    await fc.assert(
      fc.asyncProperty(thrown, async (value) => {
        const result = await runToResult(() => {
          throw value;
        });
        if (result.outcome !== 'FAILURE') throw new Error('a throw is a failure');
        expect(result.error.code).toMatch(/^[a-z0-9-]{1,300}$/);
        expect(result.error.message).not.toBe('');
      }),
      { numRuns: 40 },
    );
  });

  test('a long message is cut, and never through a character', () => {
    const result = failure('x', `${'a'.repeat(maxMessageLength - 2)}😀😀`);
    if (result.outcome !== 'FAILURE') throw new Error('unreachable');
    expect(result.error.message.length).toBeLessThanOrEqual(maxMessageLength);
    expect(result.error.message.isWellFormed()).toBe(true);
    expect(result.error.message.endsWith('…')).toBe(true);
  });
});
