import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { failureFingerprint } from './failure-fingerprint.ts';

const fingerprint = (message: string, { type = 'prime', code = 'handler-failed' } = {}) =>
  failureFingerprint(type, { code, message });

/** Messages of real failures, those of one kind in one list. */
const kinds: [string, string[]][] = [
  [
    'a refused connection',
    [
      'connect ECONNREFUSED 127.0.0.1:41235',
      'connect ECONNREFUSED 127.0.0.1:80',
      'connect ECONNREFUSED 10.0.3.17:5432',
    ],
  ],
  ['a task named by its id', ['Task 17 has no customer.', 'Task 9007199254740991 has no customer.']],
  [
    'an object named by its UUID',
    [
      'No order 019ab6f0-3c5e-7d2a-9b1f-5a7e2c4d8e10.',
      'No order 5f8c1e2a-7b3d-8c4e-9f50-6a7b8c9d0e1f.',
      'No order FFFFFFFF-AAAA-4BBB-8CCC-DDDDDDDDDDDD.',
    ],
  ],
  ['a time-out', ['Took longer than 30,000 ms.', 'Took longer than 1.5 ms.', 'Took longer than -1e-9 ms.']],
  ['an address in memory', ['Segmentation fault at 0x7ffd3a10', 'Segmentation fault at 0xDEAD']],
  ['a checksum', ['Object deadbeefdeadbeef is missing', 'Object 0123456789abcdef is missing']],
  [
    'text that is not JSON',
    [
      `Unexpected token 'a', "abc" is not valid JSON`,
      `Unexpected token '}', "{"a":}" is not valid JSON`,
      `Unexpected token 'N', ..."{"n": NaN, "b""... is not valid JSON`,
      `Unexpected token '"', ""a"b" is not valid JSON`,
    ],
  ],
  [
    'a position in JSON',
    [
      'Expected property name or } in JSON at position 1 (line 1 column 2)',
      'Expected property name or } in JSON at position 220 (line 14 column 1)',
    ],
  ],
  [
    'a quoted name',
    [
      `No column "a b" in 'orders'`,
      `No column "c" in 'it'`,
      'No column `d` in `e f`',
      'No column “a b” in ‘orders’',
      'No column «c» in ‘the customer’s l’été’',
      `No column “it's” in "“it”"`,
    ],
  ],
  [
    'a URL',
    [
      'GET https://api.example.com/users/17?full=1 answered 503',
      'GET https://api.example.com/users/a/b answered 502',
      'GET https://api.example.com answered 500',
    ],
  ],
  [
    'a file',
    [
      'ENOENT: no such file or directory, open /tmp/a-1.txt',
      'ENOENT: no such file or directory, open ../data/b',
      'ENOENT: no such file or directory, open C:\\data\\b',
    ],
  ],
  ['an id of letters and digits', ['Lost worker executor-7d9f.', 'Lost worker 01ARZ3NDEKTSV4RRFFQ69G5FAV.']],
  ['a time', ['Late since 2026-11-18T11:06:40.013Z', 'Late since 2025-01-01T00:00:00Z']],
];

/** What stands for a variable in a message: numbers, ids, quoted text, paths. */
const variable = fc.oneof(
  fc.integer().map(String),
  fc.double({ noNaN: true, noDefaultInfinity: true }).map(String),
  fc.uuid(),
  fc.stringMatching(/^0x[0-9a-f]{1,16}$/),
  fc.stringMatching(/^[0-9a-f]{8,40}$/),
  fc.stringMatching(/^[a-z]{1,8}[0-9][a-zA-Z0-9_-]{0,20}$/),
  fc.stringMatching(/^"[^"]{0,20}"$/),
  fc.stringMatching(/^'[a-z ]{0,20}'$/),
  fc.stringMatching(/^“[^“”]{0,20}”$/),
  fc.stringMatching(/^«[^«»]{0,20}»$/),
  fc.stringMatching(/^‘[a-z ]{0,20}(?:[a-z]’[a-z])?’$/),
  fc.stringMatching(/^\/[a-z0-9/_-]{1,30}$/),
);

describe('the fingerprint of a failure', () => {
  test.each(kinds)('is one for %s, whatever the variable parts are', (_kind, messages) => {
    expect(new Set(messages.map((message) => fingerprint(message))).size).toBe(1);
  });

  test('is another one for each kind of message, type and code', () => {
    const all = [
      ...kinds.map(([, [message]]) => fingerprint(message!)),
      fingerprint('Task 17 has no customer.', { type: 'sleep' }),
      fingerprint('Task 17 has no customer.', { code: 'timed-out' }),
      fingerprint("The user can't pay and won't."),
      fingerprint("The user can't pay and can't."),
      fingerprint('The user can’t pay and won’t.'),
      fingerprint('The user can’t pay and can’t.'),
      fingerprint('Hawai‘i isn’t far'),
      fingerprint('Hawai‘i hasn’t far'),
      fingerprint('read and/or write'),
      fingerprint('read and/not write'),
      fingerprint('GET https://api.example.org answered 500'),
      fingerprint('decade facade'),
      fingerprint(''),
    ];
    expect(new Set(all).size).toBe(all.length);
  });

  test('given a message with other numbers, ids, quoted text or paths, then it stays', () => {
    fc.assert(
      fc.property(variable, variable, variable, (one, other, third) => {
        const message = (value: string) => `Could not load ${value} of the order, tried ${third} times`;
        expect(fingerprint(message(one))).toBe(fingerprint(message(other)));
      }),
    );
  });

  test('given any text, then it is 16 hexadecimal digits, always the same', () => {
    const text = fc.oneof(fc.string({ unit: 'binary' }), fc.stringMatching(/^['"`/\\.:a0 ~-]{0,40}$/));
    fc.assert(
      fc.property(text, (message) => {
        expect(fingerprint(message)).toMatch(/^[0-9a-f]{16}$/);
        expect(fingerprint(message)).toBe(fingerprint(message));
      }),
    );
  });

  test('given a message that is longer than the contract allows, then what is beyond does not count', () => {
    const limit = 'x'.repeat(2_000);
    expect(fingerprint(`${limit} one`)).toBe(fingerprint(`${limit} other`));
    expect(fingerprint(limit.slice(1))).not.toBe(fingerprint(limit));
  });

  test.each([
    "'a ",
    '"',
    '`',
    "a'",
    'a-',
    'a.',
    'f',
    '/',
    ':/',
    '://',
    '~/',
    ', "',
    '0.',
    '-',
    '\\',
    'é',
    ' ',
    '“',
    '”',
    '«',
    '‘',
    '’',
    '‘a’b',
    'é’é',
  ])('given a message of nothing but %j, then it takes time in proportion to its length', (piece) => {
    const message = piece.repeat(2_000);
    const startedMs = performance.now();
    for (let run = 0; run < 20; run += 1) fingerprint(message);
    expect(performance.now() - startedMs).toBeLessThan(200);
  });
});
