import { describe, expect, test } from '@jest/globals';
import type { schema } from 'avsc';
import { avroTypeOf, createEncoder, EncodeError, schemaIdOf } from './wire-format.ts';

const event: schema.RecordType = {
  type: 'record',
  name: 'Ended',
  fields: [
    { name: 'task_id', type: 'long' },
    { name: 'attempt', type: 'int' },
    { name: 'outcome', type: { type: 'enum', name: 'Outcome', symbols: ['SUCCESS', 'FAILURE'] } },
    {
      name: 'error',
      type: ['null', { type: 'record', name: 'Problem', fields: [{ name: 'code', type: 'string' }] }],
      default: null,
    },
  ],
};
const good = { task_id: 7, attempt: 1, outcome: 'FAILURE', error: { code: 'broken' } };
const encode = createEncoder(avroTypeOf(event), 258);

describe('the encoder', () => {
  test('writes magic byte, schema id, Avro', () => {
    const bytes = encode(good);
    expect(bytes.subarray(0, 5)).toEqual(Buffer.from([0, 0, 0, 1, 2]));
    expect({ ...avroTypeOf(event).fromBuffer(bytes.subarray(5)) }).toEqual(good);
    expect(schemaIdOf(bytes)).toBe(258);
  });

  test('events of any size, one after the other, keep their own bytes', () => {
    const events = [10, 5_000, 20, 900_000, 0].map((length) => ({ ...good, error: { code: 'x'.repeat(length) } }));
    const decoded = events.map(encode).map((bytes) => ({ ...avroTypeOf(event).fromBuffer(bytes.subarray(5)) }));
    expect(decoded).toEqual(events);
  });

  test.each<[string, unknown, string, string]>([
    ['a wrong type', { ...good, attempt: 'one' }, 'attempt', 'Ended.attempt: "one" is not a 32-bit integer'],
    ['a missing field', { ...good, attempt: undefined }, 'attempt', 'undefined'],
    ['an integer beyond 2^53', { ...good, task_id: 2 ** 60 }, 'task_id', '2^53'],
    ['a bigint', { ...good, task_id: 7n }, 'task_id', '7n'],
    ['a date', { ...good, task_id: new Date(0) }, 'task_id', '1970'],
    ['a word that the enum does not have', { ...good, outcome: 'MAYBE' }, 'outcome', 'SUCCESS, FAILURE'],
    ['a wrong type further in', { ...good, error: { code: 1 } }, 'error', 'Ended.error'],
    ['a field too many', { ...good, surprise: 1 }, 'surprise', 'Ended.surprise: is not in the schema'],
    ['a field too many further in', { ...good, error: { code: 'x', more: 1 } }, 'error', 'Ended.error'],
    ['no record at all', null, '', 'null'],
  ])('refuses %s and names the field', (_, data, path, reason) => {
    let thrown: unknown;
    try {
      encode(data);
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toBeInstanceOf(EncodeError);
    expect((thrown as EncodeError).path).toMatch(new RegExp(`^${path}`));
    expect((thrown as EncodeError).message).toContain(reason);
  });
});

describe('the schema id', () => {
  test.each([
    ['nothing', Buffer.alloc(0)],
    ['less than a header', Buffer.from([0, 0, 0, 1])],
    ['another magic byte', Buffer.from([1, 0, 0, 0, 1, 9])],
    ['JSON', Buffer.from('{"a":1}')],
  ])('%s has none', (_, value) => {
    expect(schemaIdOf(value)).toBeUndefined();
  });
});
