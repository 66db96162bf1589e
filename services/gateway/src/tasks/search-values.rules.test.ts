import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { createPayloadAjv } from '@nask/schemas';
import { createSearchExtractor } from './search-values.rules.ts';

const scalars = {
  string: fc.string({ maxLength: 8 }),
  number: fc.double({ noNaN: true, noDefaultInfinity: true }),
  integer: fc.maxSafeInteger(),
  boolean: fc.boolean(),
};

/** A payload schema of scalar properties, some in an inner object, and what its payload has of them. */
const anyCase = fc
  .uniqueArray(
    fc.record({
      path: fc
        .array(fc.stringMatching(/^[a-z_]{1,4}$/), { minLength: 1, maxLength: 1 })
        .chain((inner) => fc.boolean().map((isNested) => (isNested ? ['inner', ...inner] : inner))),
      type: fc.constantFrom(...(Object.keys(scalars) as (keyof typeof scalars)[])),
      isSearchable: fc.boolean(),
      state: fc.constantFrom('present', 'null', 'absent'),
    }),
    { selector: ({ path }) => path.join('.'), maxLength: 8 },
  )
  .map((properties) => properties.filter(({ path }) => path.join('.') !== 'inner'))
  .chain((properties) =>
    fc
      .tuple(...properties.map(({ type }) => scalars[type] as fc.Arbitrary<unknown>))
      .map((values) => properties.map((property, i) => ({ ...property, value: values[i] }))),
  );

type Property = { path: string[]; type: string; isSearchable: boolean; state: string; value: unknown };

function schemaOf(properties: readonly Property[]) {
  const inner: Record<string, object> = {};
  const outer: Record<string, object> = { inner: { type: 'object', properties: inner } };
  for (const { path, type, isSearchable } of properties) {
    const limit = type === 'string' ? { maxLength: 256 } : {};
    (path.length > 1 ? inner : outer)[path.at(-1)!] = { type: [type, 'null'], ...limit, 'x-search': isSearchable };
  }
  return { type: 'object', properties: outer };
}

function payloadOf(properties: readonly Property[]) {
  const inner: Record<string, unknown> = {};
  const outer: Record<string, unknown> = { inner };
  for (const { path, state, value } of properties)
    if (state !== 'absent') (path.length > 1 ? inner : outer)[path.at(-1)!] = state === 'null' ? null : value;
  return outer;
}

describe('the values that a task can be found by', () => {
  test('are those of the searchable properties that have one, sorted by name, and nothing else', () => {
    fc.assert(
      fc.property(anyCase, (properties) => {
        const [schema, payload] = [schemaOf(properties), payloadOf(properties)];
        expect(createPayloadAjv().compile(schema)(payload)).toBe(true);
        const before = JSON.stringify(payload);
        const expected = properties
          .filter(({ isSearchable, state }) => isSearchable && state === 'present')
          .map(({ path, value }) => ({
            name: path.join('.'),
            value: typeof value === 'string' ? value : JSON.stringify(value),
          }))
          .sort((a, b) => (a.name < b.name ? -1 : 1));
        expect(createSearchExtractor(schema)(payload)).toEqual({ values: expected, faults: [] });
        expect(JSON.stringify(payload)).toBe(before);
      }),
      { numRuns: 60 },
    );
  });

  test.each([null, 'text', 7, [], {}, { customer: null }, { customer: 'c' }, { customer: [] }])(
    'given the payload %j without the property, then there are none',
    (payload) => {
      const id = { type: 'string', maxLength: 8, 'x-search': true };
      const customer = { type: ['object', 'null'], properties: { id, constructor: id } };
      expect(createSearchExtractor({ type: 'object', properties: { customer } })(payload)).toEqual({
        values: [],
        faults: [],
      });
    },
  );

  test('given a type without searchable properties, then nothing is allocated', () => {
    const extract = createSearchExtractor({ type: 'object', properties: { a: { type: 'integer' } } });
    expect(extract({ a: 1 })).toBe(extract({ a: 2 }));
  });
});
