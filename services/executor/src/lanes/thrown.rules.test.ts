import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { cutAtSpace, stackOf } from './thrown.rules.ts';

class CodedError extends Error {
  readonly code: unknown;
  constructor(message: string, code: unknown, cause?: unknown) {
    super(message, { cause });
    this.code = code;
  }
}

describe('the stack of a thrown value', () => {
  test('has the chain of causes, each with its code and where it was thrown', () => {
    const refused = new CodedError('connect failed', 'ECONNREFUSED', 'no route');
    const text = stackOf(new TypeError('fetch failed', { cause: refused }))!;
    expect(text).toMatch(/^TypeError: fetch failed\n +at .*thrown\.rules\.test\.ts/);
    expect(text).toMatch(/^caused by Error: connect failed \(code ECONNREFUSED\)\n +at .*thrown\.rules\.test\.ts/m);
    expect(text).toMatch(/^caused by no route$/m);
  });

  test('does not repeat a code that the message has', () => {
    expect(stackOf(new CodedError('getaddrinfo ENOTFOUND x', 'ENOTFOUND'))!.match(/ENOTFOUND/g)).toHaveLength(1);
  });

  test('has the first five errors of an AggregateError', () => {
    const errors = Array.from({ length: 9 }, (_, i) => ({ message: `address ${i}` }));
    const text = stackOf(new AggregateError(errors, 'all failed'))!;
    for (let i = 0; i < 5; i++) expect(text).toContain(`one of its errors: Object: address ${i}`);
    expect(text).not.toContain('address 5');
  });

  test('of what is no error is its message; a primitive has none', () => {
    expect(stackOf({ message: 'not yet', code: 'busy' })).toBe('Object: not yet (code busy)');
    for (const thrown of ['oops', 7, null, undefined, Symbol('s')]) expect(stackOf(thrown)).toBeUndefined();
  });

  test('follows five causes, and a cycle once', () => {
    let deep = new Error('cause 9');
    for (let i = 8; i >= 0; i--) deep = Object.assign(new Error(`cause ${i}`, { cause: deep }), { stack: '' });
    expect(stackOf(deep)).toBe(
      ['', 1, 2, 3, 4, 5].map((_, i) => `${i ? 'caused by ' : ''}Error: cause ${i}`).join('\n'),
    );
    const cycle = Object.assign(new Error('round'), { stack: '' });
    cycle.cause = new Error('and round', { cause: cycle });
    expect(stackOf(cycle)!.match(/caused by/g)).toHaveLength(1);
  });

  test('is bounded, and a long message leaves room for the cause', () => {
    const text = stackOf(new Error('long '.repeat(100_000), { cause: new Error('the reason') }))!;
    expect(text.length).toBeLessThanOrEqual(8_000);
    expect(text).toContain('caused by Error: the reason');
  });

  test('never throws, whatever is thrown', () => {
    const hostile = new Proxy(new Error('x'), {
      get() {
        throw new Error('hostile');
      },
    });
    const { proxy: revoked, revoke } = Proxy.revocable({}, {});
    revoke();
    const { proxy: revokedList, revoke: revokeList } = Proxy.revocable([], {});
    revokeList();
    const values = { plain: undefined, hostile, revoked, revokedList };
    const field = fc.constantFrom('message', 'name', 'stack', 'code', 'cause', 'errors', 'itself');
    const kind = fc.constantFrom('plain', ...(Object.keys(values) as (keyof typeof values)[]));
    // The proxies are put in late, for fast-check looks into what it makes.
    fc.assert(
      fc.property(fc.anything(), fc.anything(), field, kind, (plain, cause, name, of) => {
        const value = of === 'plain' ? plain : values[of];
        const thrown = name === 'itself' ? value : { cause, [name]: value };
        expect((stackOf(thrown) ?? '').length).toBeLessThanOrEqual(8_000);
      }),
      { numRuns: 60 },
    );
  });
});

test('a text is cut at white space, never within a URL', () => {
  expect(cutAtSpace('short', 5)).toBe('short');
  expect(cutAtSpace('see https://user:secret@host/', 20)).toBe('see…');
  expect(cutAtSpace('https://user:secret@host/', 20)).toBe('…');
});
