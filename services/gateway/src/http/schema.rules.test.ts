import { expect, test } from '@jest/globals';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { schemaFaults } from './schema.rules.ts';

/** What the answer says about a value that breaks a schema. */
function detailsOf(schema: object, value: unknown): string[] {
  const validate = new Ajv2020({ allErrors: true, strict: false }).compile(schema);
  validate(value);
  return schemaFaults(validate.errors ?? [], '').map(({ detail }) => detail);
}

test.each([
  [{ minLength: 1 }, '', 'must have at least 1 character'],
  [{ maxLength: 2 }, 'abc', 'must have at most 2 characters'],
  [{ minItems: 1 }, [], 'must have at least 1 item'],
  [{ maxItems: 0 }, [1], 'must have at most 0 items'],
  [{ uniqueItems: true }, ['a', 'b', 'c', 'b'], 'must not have an item twice: items 1 and 3'],
  [
    { uniqueItems: true, items: { type: 'string' } },
    ['a', 'b', 'c', 'b'],
    'must not have an item twice: items 1 and 3',
  ],
  [{ minProperties: 1 }, {}, 'must have at least 1 property'],
  [{ maxProperties: 2 }, { a: 1, b: 2, c: 3 }, 'must have at most 2 properties'],
])('%j of %j: %s', (schema, value, detail) => {
  expect(detailsOf(schema, value)).toEqual([detail]);
  expect(detailsOf({}, value)).toEqual([]);
});
