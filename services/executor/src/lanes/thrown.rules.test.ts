import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { errorLimits } from '@nask/schemas';
import { anyCharacter } from '@nask/testkit/any-text';
import { causesOf, cutAtSpace, stackOf } from './thrown.rules.ts';

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
});

describe('the causes of a thrown value', () => {
  const named = (name: string, fields: object = {}) => Object.assign(new Error(name), { name, ...fields });

  test('are its chain of causes, the nearest first, and not itself', () => {
    const reset = new CodedError('read failed', 'ECONNRESET');
    const thrown = new Error('no page', { cause: new TypeError('fetch failed', { cause: reset }) });
    expect(causesOf(thrown)).toEqual([
      { name: 'TypeError', message: 'fetch failed' },
      { name: 'CodedError', message: 'read failed (code ECONNRESET)' },
    ]);
  });

  test.each([
    ['an error without one', new Error('alone')],
    ['an error whose cause is null', Object.assign(new Error('alone'), { cause: null })],
    ['a text', 'oops'],
    ['nothing', undefined],
  ])('are none of %s', (_, thrown) => expect(causesOf(thrown)).toEqual([]));

  test('are the first five errors of an AggregateError without a cause', () => {
    const errors = Array.from({ length: 9 }, (_, i) => new Error(`address ${i}`));
    const messages = (thrown: unknown) => causesOf(thrown).map(({ message }) => message);
    expect(messages(new AggregateError(errors, 'all failed'))).toEqual([0, 1, 2, 3, 4].map((i) => `address ${i}`));
    expect(messages(new AggregateError(errors, 'all failed', { cause: new Error('why') }))).toEqual(['why']);
  });

  test('are nearer before farther ones, also behind several errors', () => {
    const errors = [new Error('a', { cause: 'of a' }), new Error('b', { cause: 'of b' })];
    const thrown = new Error('no page', { cause: new AggregateError(errors, 'both failed') });
    expect(causesOf(thrown).map(({ message }) => message)).toEqual(['both failed', 'a', 'b', 'of a', 'of b']);
  });

  test.each([
    ['an error of a class without a name', new CodedError('no', undefined), 'CodedError', 'no'],
    ['an error with a name of its own', named('QuotaError'), 'QuotaError', 'QuotaError'],
    ['an error without a message', new AggregateError([], ''), 'AggregateError', ''],
    ['an error with nothing but a code', new CodedError('', 'EPIPE'), 'CodedError', 'EPIPE'],
    [
      'a code that the message has',
      new CodedError('getaddrinfo ENOTFOUND x', 'ENOTFOUND'),
      'CodedError',
      'getaddrinfo ENOTFOUND x',
    ],
    ['a number as code', new CodedError('duplicate key', 11_000), 'CodedError', 'duplicate key (code 11000)'],
    ['an object', { message: 'not yet' }, '', 'not yet'],
    ['an empty object', {}, '', '[object Object]'],
    ['a text', 'no route', '', 'no route'],
    ['a symbol', Symbol('s'), '', 'Symbol(s)'],
  ])('of %s', (_, cause, name, message) => {
    expect(causesOf(new Error('x', { cause }))).toEqual([{ name, message }]);
  });

  const url = 'https://user:hunter2@host/?token=hunter2';
  test.each<[string, unknown]>([
    ['message', new Error(`no answer from ${url}`)],
    ['message that is cut within a URL', new Error(`${'word '.repeat(97)}${url}`)],
    ['code', new CodedError('no answer', url)],
    ['name', named(url)],
    ['text', url],
  ])('have no credentials of URLs: %s', (_, cause) => {
    for (const thrown of [new Error('x', { cause }), new AggregateError([cause])]) {
      const text = JSON.stringify(causesOf(thrown));
      expect(text).toContain('https://***@');
      expect(text).not.toContain('hunter');
    }
  });

  test('are cut anywhere, so that something is left also of a long word', () => {
    const cause = named('N'.repeat(65), { message: '错'.repeat(501) });
    expect(causesOf(new Error('x', { cause }))).toEqual([
      { name: `${'N'.repeat(63)}…`, message: `${'错'.repeat(499)}…` },
    ]);
  });

  test('end where they form a cycle', () => {
    const [one, other] = [new Error('one'), new Error('other')];
    one.cause = other;
    other.cause = one;
    expect(causesOf(one).map(({ message }) => message)).toEqual(['other']);
    other.cause = other;
    expect(causesOf(one).map(({ message }) => message)).toEqual(['other']);
  });

  test('of a chain of any length are its first five, in their order', () => {
    const text = fc.string({ unit: anyCharacter, minLength: 1, maxLength: 50 });
    fc.assert(
      fc.property(fc.array(text, { maxLength: 12 }), (messages) => {
        const thrown = messages.reduceRight<Error>(
          (cause, message) => new Error(message, { cause }),
          new Error('last'),
        );
        const chain = [...messages.slice(1), ...(messages.length === 0 ? [] : ['last'])];
        expect(causesOf(thrown).map(({ message }) => message)).toEqual(
          chain.slice(0, errorLimits.causes).map((message) => message.toWellFormed()),
        );
      }),
    );
  });
});

/** Errors whose chains, and lists of errors, may branch and lead back to any of them. */
const tangled = fc
  .array(
    fc.record({
      message: fc.string({ unit: anyCharacter, maxLength: 1_000 }),
      name: fc.string({ unit: anyCharacter, maxLength: 100 }),
      cause: fc.option(fc.nat(9)),
      errors: fc.option(fc.array(fc.nat(9), { maxLength: 8 })),
    }),
    { minLength: 1, maxLength: 10 },
  )
  .map((parts) => {
    const errors = parts.map(({ message, name }) => Object.assign(new Error(message), { name }));
    for (const [index, { cause, errors: list }] of parts.entries()) {
      const at = (number: number) => errors[number % errors.length];
      if (cause !== null) errors[index]!.cause = at(cause);
      if (list !== null) Object.assign(errors[index]!, { errors: list.map(at) });
    }
    return errors[0]!;
  });

/** Throws for whatever is done to it. */
const hostile = new Proxy(new Error('x'), {
  get() {
    throw new Error('hostile');
  },
});
const { proxy: revoked, revoke } = Proxy.revocable({}, {});
revoke();
const { proxy: revokedList, revoke: revokeList } = Proxy.revocable([], {});
revokeList();
/** A list whose own methods and length are of no use. */
const brokenList = Object.assign([1, 2], { slice: () => 7, map: null, [Symbol.iterator]: null });
const hostileValues = { hostile, revoked, revokedList, brokenList };

describe('whatever is thrown, also what throws when it is looked at', () => {
  const field = fc.constantFrom('message', 'name', 'stack', 'code', 'cause', 'errors', 'constructor', 'itself');
  const kind = fc.constantFrom('plain', ...(Object.keys(hostileValues) as (keyof typeof hostileValues)[]));
  // The proxies are put in late, for fast-check looks into what it makes.
  const anyThrown = (check: (thrown: unknown) => void) =>
    fc.assert(
      fc.property(fc.anything(), fc.anything(), field, kind, (plain, cause, name, of) => {
        const value = of === 'plain' ? plain : hostileValues[of];
        const thrown = name === 'itself' ? value : { cause, [name]: value };
        check(thrown);
        check(new Error('x', { cause: thrown }));
      }),
      { numRuns: 100 },
    );

  test('its stack is bounded', () => {
    anyThrown((thrown) => expect((stackOf(thrown) ?? '').length).toBeLessThanOrEqual(8_000));
  });

  test('its causes keep the limits of the contract, and can be sent to another thread', () => {
    const check = (thrown: unknown) => {
      const causes = causesOf(thrown);
      expect(causes.length).toBeLessThanOrEqual(errorLimits.causes);
      for (const { name, message } of causes) {
        expect(name.length).toBeLessThanOrEqual(errorLimits.causeNameLength);
        expect(message.length).toBeLessThanOrEqual(errorLimits.causeMessageLength);
        expect(name.isWellFormed() && message.isWellFormed()).toBe(true);
      }
      expect(structuredClone(causes)).toEqual(causes);
    };
    anyThrown(check);
    fc.assert(fc.property(tangled, check));
  });
});

test('a text is cut at white space, never within a URL', () => {
  expect(cutAtSpace('short', 5)).toBe('short');
  expect(cutAtSpace('see https://user:secret@host/', 20)).toBe('see…');
  expect(cutAtSpace('https://user:secret@host/', 20)).toBe('…');
});
