import { createHash } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { apiKeyFault, apiKeyOf, bearerToken, clientOf } from './api-keys.rules.ts';

const hash = (key: string) => createHash('sha256').update(key).digest('hex');

describe('a key in the settings', () => {
  test('is a name, scopes and a hash', () => {
    const text = `shop.1:read+write:${hash('k').toUpperCase()}`;
    expect(apiKeyFault(text)).toBeUndefined();
    expect(apiKeyOf(text)).toEqual({
      name: 'shop.1',
      scopes: new Set(['read', 'write']),
      hash: Buffer.from(hash('k'), 'hex'),
    });
  });

  test.each([
    `shop:${hash('k')}`,
    `:read:${hash('k')}`,
    `a/b:read:${hash('k')}`,
    `shop:root:${hash('k')}`,
    `shop:read+:${hash('k')}`,
    'shop:read:secret',
    `shop:read:${hash('k')}0`,
  ])('%s is none', (text) => {
    expect(apiKeyFault(text)).toBeDefined();
  });
});

describe('the client of a key', () => {
  const keys = [apiKeyOf(`a:read:${hash('key-a')}`), apiKeyOf(`b:admin:${hash('key-b')}`)];

  test('is the one whose hash it has; the hash itself is no key', () => {
    expect(clientOf(keys, 'key-a')?.name).toBe('a');
    expect(clientOf(keys, 'key-b')?.name).toBe('b');
    for (const wrong of ['', 'key-', 'key-c', hash('key-a')]) expect(clientOf(keys, wrong)).toBeUndefined();
  });

  test('a client may have two keys while it changes from one to the next', () => {
    const two = [...keys, apiKeyOf(`a:read:${hash('key-a2')}`)];
    expect([clientOf(two, 'key-a')?.name, clientOf(two, 'key-a2')?.name]).toEqual(['a', 'a']);
  });
});

test.each([
  ['Bearer abc', 'abc'],
  ['bearer  a+b/c=', 'a+b/c='],
  ['Basic abc', undefined],
  ['Bearer', undefined],
  ['Bearer a b', undefined],
  ['', undefined],
  [undefined, undefined],
])('the header %j has the token %j', (header, token) => {
  expect(bearerToken(header)).toBe(token);
});
