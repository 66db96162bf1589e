import { describe, expect, test } from '@jest/globals';
import { hideSecretFields } from './hide-secret-fields.ts';

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
