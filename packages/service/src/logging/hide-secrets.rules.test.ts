import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { hideSecretFields, hideUrlCredentials } from './hide-secrets.rules.ts';

describe('fields that are named like a secret', () => {
  test.each([
    [{ token: 'x' }, { token: '[redacted]' }],
    [
      { a: { password: 'x', b: 1 }, c: 2 },
      { a: { password: '[redacted]', b: 1 }, c: 2 },
    ],
    [{ list: [1, { secret: 'x' }] }, { list: [1, { secret: '[redacted]' }] }],
    [{ secrets: ['x', 'y'] }, { secrets: '[redacted]' }],
    [{ a: { b: { c: { d: { token: 'x' } } } } }, { a: { b: { c: { d: { token: '[redacted]' } } } } }],
  ])('%j is shown as %j', (fields, shown) => {
    const before = structuredClone(fields);
    expect(hideSecretFields(fields)).toEqual(shown);
    expect(fields).toEqual(before);
  });

  test('without any, the fields are what they were', () => {
    const fields = { requestId: 'a', tokens: 7, list: [{}], nothing: null, at: new Date(0), err: new Error('no') };
    expect(hideSecretFields(fields)).toBe(fields);
  });

  test('a circle has an end', () => {
    const circle: Record<string, unknown> = { token: 'x' };
    circle['self'] = circle;
    expect(hideSecretFields(circle)).toMatchObject({ token: '[redacted]', self: { token: '[redacted]' } });
  });
});

test.each([
  ['connecting to mongodb://user:hunter2@host/db failed', 'connecting to mongodb://***@host/db failed'],
  ['https://user:p@hunter2@host/', 'https://***@host/'],
  ['"url":"https://user:hun\\"ter2@host/"', '"url":"https://***@host/"'],
  ['https://host/?a=1&api_key=hunter2&b=2', 'https://host/?a=1&api_key=***&b=2'],
  ['https://host/?X-Amz-Signature=hunter2#top', 'https://host/?X-Amz-Signature=***#top'],
  ['a://u:hunter2@h and b://v:hunter2@i', 'a://***@h and b://***@i'],
])('%s', (text, hidden) => {
  expect(hideUrlCredentials(text)).toBe(hidden);
});

test.each(['https://host/@scope/package?to=a@b.example', 'mail a@b.example', 'kafka:9092', 'https://host/?page=2'])(
  'leaves %s as it is',
  (text) => {
    expect(hideUrlCredentials(text)).toBe(text);
  },
);

test('whatever stands around it, in a text or in JSON, the password of a url is gone', () => {
  const around = fc.string();
  fc.assert(
    fc.property(around, around, fc.boolean(), (before, after, asJson) => {
      const text = `${before} https://user:hunter2@host/ ${after}`;
      expect(hideUrlCredentials(asJson ? JSON.stringify({ text }) : text)).not.toContain('hunter2');
    }),
  );
});

test('a long text without credentials is no trouble', () => {
  const hostile = [
    'a'.repeat(300_000),
    '://'.repeat(100_000),
    `://${'?token'.repeat(60_000)}`,
    `://${'\\'.repeat(300_000)}`,
  ];
  expect(hostile.map(hideUrlCredentials)).toEqual(hostile);
});
