import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { InvalidRequestError } from '../errors.ts';
import { fingerprintOf, parseIdempotencyKey, scopedKey } from './idempotency-key.ts';

describe('the header Idempotency-Key', () => {
  test.each([
    [undefined, undefined],
    ['8e03978e-40d5-43dd-bc93-6894a57f9324', '8e03978e-40d5-43dd-bc93-6894a57f9324'],
    ['"8e03978e-40d5-43dd-bc93-6894a57f9324"', '8e03978e-40d5-43dd-bc93-6894a57f9324'],
    ['"with a blank"', 'with a blank'],
    [String.raw`"with \"quotes\" and \\"`, String.raw`with "quotes" and \ `.trim()],
    ['a'.repeat(255), 'a'.repeat(255)],
  ])('%s is the key %s', (header, key) => {
    expect(parseIdempotencyKey(header)).toBe(key);
  });

  test.each([
    '',
    '""',
    '"',
    'a b',
    'a, b',
    'é',
    'a'.repeat(256),
    `"${'a'.repeat(256)}"`,
    String.raw`"\a"`,
    '"a"b',
    'a"b',
  ])('%j is no key', (header) => {
    expect(() => parseIdempotencyKey(header)).toThrow(InvalidRequestError);
  });

  test('any text in printable ASCII survives its quotes', () => {
    const printable = fc.string({ unit: 'grapheme-ascii', minLength: 1, maxLength: 255 });
    fc.assert(
      fc.property(printable, (key) => {
        expect(parseIdempotencyKey(`"${key.replaceAll(/["\\]/g, String.raw`\$&`)}"`)).toBe(key);
      }),
    );
  });
});

describe('the scope of a key', () => {
  test('keys of different clients, and of different places in a batch, are never the same', () => {
    const scope = fc.tuple(
      fc.constantFrom('', 'a', 'b'),
      fc.option(fc.nat(3), { nil: undefined }),
      fc.constantFrom('k', '/k', '1/k', '//k', 'a/1/k'),
    );
    fc.assert(
      fc.property(scope, scope, (one, other) => {
        const isSame = scopedKey(one[2], one[0], one[1]) === scopedKey(other[2], other[0], other[1]);
        expect(isSame).toBe(one.every((part, i) => part === other[i]));
      }),
    );
  });
});

describe('the fingerprint of a request', () => {
  test('differs when anything that is asked for does', () => {
    const task = { type: 'prime', payloadJson: '{"input":1}', notifyUrl: null, timeoutMs: null };
    const others = [
      { ...task, type: 'sleep' },
      { ...task, payloadJson: '{"input":2}' },
      { ...task, notifyUrl: 'http://127.0.0.1/' },
      { ...task, timeoutMs: 1 },
    ];
    expect(fingerprintOf({ ...task })).toBe(fingerprintOf(task));
    expect(new Set([task, ...others].map(fingerprintOf)).size).toBe(5);
  });
});
