import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { InvalidRequestError } from '../errors.ts';
import type { NewTask } from '../tasks/new-task.rules.ts';
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
  const task: NewTask = {
    type: 'prime',
    payloadJson: '{"input":1}',
    notifyUrl: null,
    timeoutMs: null,
    tags: [],
    includeResult: true,
    search: [],
    payloadSchemaHash: '0'.repeat(32),
  };

  test('differs when anything that is asked for does', () => {
    const others = [
      { ...task, type: 'sleep' },
      { ...task, payloadJson: '{"input":2}' },
      { ...task, notifyUrl: 'http://127.0.0.1/' },
      { ...task, timeoutMs: 1 },
      { ...task, includeResult: false },
      { ...task, tags: ['a'] },
      { ...task, tags: ['b'] },
      { ...task, tags: ['a', 'b'] },
      { ...task, tags: ['b', 'a'] },
      { ...task, tags: ['a'], includeResult: false },
    ];
    expect(fingerprintOf({ ...task })).toBe(fingerprintOf(task));
    expect(new Set([task, ...others].map(fingerprintOf)).size).toBe(1 + others.length);
  });

  test('given the fields of 0.1 alone, then it is that of 0.1: a request that is repeated across an upgrade finds its task', () => {
    expect(fingerprintOf(task)).toBe('eHp3piSqKszK5qe-C7QWxxfJado6Z6Z-tomYmOJVQeo');
    const withAll = { ...task, payloadJson: '{"input":100}', notifyUrl: 'http://127.0.0.1:8000/', timeoutMs: 5_000 };
    expect(fingerprintOf(withAll)).toBe('DYhSEhN5uPaDNC8GVnOACVk0LqJV4jXdtZ479LLFqi8');
  });

  test('does not depend on the schema of the type, which may change between two requests', () => {
    const search = [{ name: 'input', value: '1' }];
    expect(fingerprintOf({ ...task, search, payloadSchemaHash: '1'.repeat(32) })).toBe(fingerprintOf(task));
  });
});
