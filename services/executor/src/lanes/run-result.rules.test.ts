import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { errorCodePattern, errorLimits } from '@nask/schemas';
import { anyCharacter } from '@nask/testkit/any-text';
import { RetryableTaskError } from '../task-types/handler.ts';
import { failure, maxResultBytes, runToResult } from './run-result.rules.ts';

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

  test('throwing an error fails with its message, at once and later', async () => {
    const error = new Error('disk on fire');
    const failed = failure('handler-failed', 'disk on fire', error);
    expect(
      await runToResult(() => {
        throw error;
      }),
    ).toEqual(failed);
    expect(await runToResult(() => Promise.reject(error))).toEqual(failed);
  });

  test.each([
    ['a kebab-case word', 'not-found', 'not-found'],
    ['a code of the system', 'ENOENT', 'ENOENT'],
    ['a code of Node', 'ERR_HTTP2_ERROR', 'ERR_HTTP2_ERROR'],
    ['a code of a database', '23505', '23505'],
    ['64 characters', 'x.'.repeat(32), 'x.'.repeat(32)],
    ['65 characters', `${'x.'.repeat(32)}y`, 'handler-failed'],
    ['two words', 'not found', 'handler-failed'],
    ['empty', '', 'handler-failed'],
    ['a number', 11_000, 'handler-failed'],
    ['missing', undefined, 'handler-failed'],
  ])('throwing an error whose code is %s: %j becomes %s', async (_, code, kept) => {
    expect(await runToResult(() => Promise.reject(new CodedError(code, 'no')))).toMatchObject({
      error: { code: kept, message: 'no' },
    });
  });

  test('throwing the time-out of a signal has no code: that of a DOMException is a number', async () => {
    const thrown = new DOMException('The operation was aborted due to timeout', 'TimeoutError');
    expect(await runToResult(() => Promise.reject(thrown))).toMatchObject({
      error: { code: 'handler-failed', message: 'The operation was aborted due to timeout' },
    });
  });

  test('throwing what is no error fails with what it is', async () => {
    for (const [thrown, text] of [
      ['no luck', 'no luck'],
      [7, '7'],
      [null, 'null'],
      [{}, '[object Object]'],
    ] as const)
      expect(await runToResult(() => Promise.reject(thrown as unknown as Error))).toEqual(
        expect.objectContaining({
          error: { code: 'handler-failed', message: `The handler threw ${text}.`, causes: [] },
        }),
      );
  });

  test('throwing an error fails with its causes, which are plain data, and a failure of ours has none', async () => {
    const cause = new CodedError('ENOTFOUND', 'no address');
    const result = await runToResult(() => Promise.reject(new TypeError('fetch failed', { cause })));
    expect(result).toMatchObject({
      error: { causes: [{ name: 'CodedError', message: 'no address (code ENOTFOUND)' }] },
    });
    expect(structuredClone(result)).toEqual(result);
    expect(failure('timed-out', 'too long').error.causes).toEqual([]);
  });

  test.each([
    ['thrown', 'https://user:hunter2@host/?token=hunter2'],
    ['cut', `${'x'.repeat(errorLimits.messageLength - 20)} https://user:hunter2@host/?token=hunter2`],
  ])('a message has no credentials of URLs: %s', async (_, message) => {
    const result = await runToResult(() => Promise.reject(new Error(message)));
    const text = JSON.stringify(result.outcome === 'FAILURE' && result.error);
    expect(text).toContain('https://***@');
    expect(text).not.toContain('hunter');
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
      fc.record({
        code: fc.oneof(fc.anything(), fc.string({ unit: anyCharacter })),
        message: fc.oneof(fc.anything(), fc.string({ unit: anyCharacter })),
        cause: fc.anything(),
        errors: fc.array(fc.anything()),
      }),
    );
    await fc.assert(
      fc.asyncProperty(thrown, async (value) => {
        const result = await runToResult(() => {
          throw value;
        });
        if (result.outcome !== 'FAILURE') throw new Error('a throw is a failure');
        const { code, message, causes } = result.error;
        expect(code).toMatch(errorCodePattern);
        expect(message).not.toBe('');
        expect(message.length).toBeLessThanOrEqual(errorLimits.messageLength);
        expect(causes.length).toBeLessThanOrEqual(errorLimits.causes);
      }),
      { numRuns: 40 },
    );
  });

  test('a long message is cut, and never through a character', () => {
    const result = failure('x', `${'a'.repeat(errorLimits.messageLength - 2)}😀😀`);
    expect(result.error.message.length).toBeLessThanOrEqual(errorLimits.messageLength);
    expect(result.error.message.isWellFormed()).toBe(true);
    expect(result.error.message.endsWith('…')).toBe(true);
  });
});
