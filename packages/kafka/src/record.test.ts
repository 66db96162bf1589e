import { describe, expect, test } from '@jest/globals';
import type { KafkaMessage } from 'kafkajs';
import { recordOf } from './record.ts';

/** As large as fetches are: not from the pool that small buffers share. */
const fetched = Buffer.alloc(100_000);
fetched.write('key|value|one|two|single');
const message: KafkaMessage = {
  offset: '42',
  timestamp: '1767323045006',
  attributes: 0,
  key: fetched.subarray(0, 3),
  value: fetched.subarray(4, 9),
  headers: {
    several: [fetched.subarray(10, 13), fetched.subarray(14, 17)],
    single: fetched.subarray(18, 24),
    none: undefined,
  },
};
const source = { topic: 't', partition: 3 };

describe('recordOf', () => {
  test('reads key and headers as text, and keeps their bytes', () => {
    expect(recordOf(source, message)).toEqual({
      topic: 't',
      partition: 3,
      offset: 42,
      timestampMs: 1_767_323_045_006,
      key: 'key',
      value: Buffer.from('value'),
      headers: { several: 'two', single: 'single' },
      original: {
        key: Buffer.from('key'),
        headers: { several: [Buffer.from('one'), Buffer.from('two')], single: Buffer.from('single') },
      },
    });
  });

  test('keeps nothing of the fetch it came with', () => {
    const { value, original } = recordOf(source, message);
    for (const bytes of [value, original?.key, original?.headers['single']] as Buffer[])
      expect(bytes.buffer).not.toBe(fetched.buffer);
  });

  test('a header may have any name', () => {
    const names = ['__proto__', 'constructor', 'toString'];
    const headers = Object.fromEntries(names.map((name) => [name, Buffer.from(name)]));
    const { headers: texts, original } = recordOf(source, { ...message, headers });
    expect(Object.entries(texts)).toEqual(names.map((name) => [name, name]));
    expect(Object.entries(original!.headers)).toEqual(names.map((name) => [name, Buffer.from(name)]));
  });

  test('a header without a value has no text, and stays without one', () => {
    const none = null as unknown as Buffer;
    const headers = { none, several: [Buffer.from('one'), none] };
    expect(recordOf(source, { ...message, headers })).toMatchObject({
      headers: {},
      original: { headers: { none: null, several: [Buffer.from('one'), null] } },
    });
  });

  test('a record without key, value and headers', () => {
    const empty = { ...message, key: null, value: null, headers: {} };
    expect(recordOf(source, empty)).toMatchObject({ key: null, value: null, headers: {}, original: { key: null } });
  });
});
