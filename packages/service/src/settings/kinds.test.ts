import { describe, expect, test } from '@jest/globals';
import { setting } from './kinds.ts';

const describeIt = { describe: 'Something.' };

describe('kinds of settings', () => {
  test.each([
    [
      'string',
      setting.string({ ...describeIt, minLength: 2, maxLength: 4, pattern: /^[a-z]+$/ }),
      ['ab', 'abcd'],
      ['a', 'abcde', 'AB'],
    ],
    [
      'integer',
      setting.integer({ ...describeIt, min: -1, max: 2 }),
      ['-1', '2', '+1', '02'],
      ['-2', '3', '1.5', '1e0', '0x1', 'one'],
    ],
    ['integer without limits', setting.integer(describeIt), ['9007199254740991'], ['9007199254740992']],
    ['durationMs', setting.durationMs(describeIt), ['0', '2147483647'], ['-1', '2147483648', '1s']],
    ['bytes', setting.bytes(describeIt), ['1048576'], ['-1', '1MiB']],
    ['port', setting.port(describeIt), ['0', '65535'], ['65536', '-1', 'http']],
    ['boolean', setting.boolean(describeIt), ['true', 'FALSE', '1', '0'], ['yes', '2']],
    ['oneOf', setting.oneOf(['a', 'b'], describeIt), ['a', 'b'], ['A', 'ab']],
    [
      'list',
      setting.list({ ...describeIt, minItems: 1, maxItems: 2, itemPattern: /^\w$/ }),
      ['a', 'a, b,'],
      [',', 'a,b,c', 'ab'],
    ],
    [
      'url',
      setting.url({ ...describeIt, protocols: ['http:', 'https:'] }),
      ['http://a', 'HTTPS://u:p@a.example:1/b?c#d', 'http://[::1]:80/'],
      ['a.example', 'ftp://a', 'http:a', 'http://', 'http://a:99999', 'http://a b/', 'http://a,b/', '//a'],
    ],
    [
      'url of several hosts',
      setting.url({ ...describeIt, protocols: ['mongodb:'], severalHosts: true }),
      ['mongodb://a:1,b:2,[::1]:3/x', 'mongodb://u:p@a,b'],
      ['mongodb://a:x,b', 'mongodb://a,,b', 'mongodb://u:p/w@a'],
    ],
  ])('%s accepts and refuses', (_, kind, accepted, refused) => {
    expect(accepted.filter((text) => kind.read(text) === undefined)).toEqual([]);
    expect(refused.filter((text) => kind.read(text) !== undefined)).toEqual([]);
  });

  test('a default that breaks its own limits is a fault in the code', () => {
    expect(() => setting.integer({ ...describeIt, default: 11, max: 10 })).toThrow('default must be: whole number');
    expect(() => setting.integer({ ...describeIt, default: 10, max: 10 })).not.toThrow();
  });

  test('a list is written as it is read', () => {
    const brokers = setting.list({ ...describeIt, default: ['a:1', 'b:2'] });
    expect(brokers.read(brokers.write(['a:1', 'b:2']))).toEqual(['a:1', 'b:2']);
  });
});
