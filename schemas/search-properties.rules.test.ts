import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { searchProperties, searchPropertyFaults } from './search-properties.rules.ts';

const marked = { type: 'string', maxLength: 64, 'x-search': true };
const objectOf = (properties: object) => ({ type: 'object', properties });

describe('the searchable properties of a payload schema', () => {
  test('are those that are marked, at any depth, sorted by name', () => {
    const schema = objectOf({
      order: { type: 'integer', 'x-search': true },
      customer: objectOf({
        id: marked,
        name: { type: 'string' },
        'b-2': { type: ['boolean', 'null'], 'x-search': true },
      }),
      other: { type: 'string', 'x-search': false },
    });
    expect(searchProperties(schema)).toEqual([
      { name: 'customer.b-2', path: ['customer', 'b-2'] },
      { name: 'customer.id', path: ['customer', 'id'] },
      { name: 'order', path: ['order'] },
    ]);
    expect(searchPropertyFaults(schema)).toEqual([]);
  });

  test('are none where no property is marked, also not one that is named as the keyword, or data', () => {
    const schema = objectOf({ 'x-search': true, payload: { const: { 'x-search': true } } });
    expect([searchProperties(schema), searchPropertyFaults(schema)]).toEqual([[], []]);
  });

  test.each<[object, string]>([
    [{ ...marked, maxLength: 256 }, ''],
    [{ ...marked, maxLength: 257 }, 'property a: x-search needs a maxLength of at most 256'],
    [{ type: 'string', 'x-search': true }, 'property a: x-search needs a maxLength of at most 256'],
    [{ type: ['string', 'null'], 'x-search': true }, 'property a: x-search needs a maxLength of at most 256'],
    [{ type: 'number', nullable: true, 'x-search': true }, ''],
    [
      { 'x-search': true },
      'property a: x-search needs the type string, number, integer or boolean, with or without null',
    ],
    [
      { type: 'object', 'x-search': true },
      'property a: x-search needs the type string, number, integer or boolean, with or without null',
    ],
    [
      { type: 'null', 'x-search': true },
      'property a: x-search needs the type string, number, integer or boolean, with or without null',
    ],
  ])('given the property %j, then the faults are %j', (property, fault) => {
    expect(searchPropertyFaults(objectOf({ a: property })).join()).toBe(fault);
  });

  test.each<[object, string]>([
    [{ ...marked }, '/'],
    [{ type: 'array', items: objectOf({ id: marked }) }, '/items/properties/id'],
    [{ type: 'object', anyOf: [objectOf({ id: marked })] }, '/anyOf/0/properties/id'],
    [{ $defs: { customer: objectOf({ id: marked }) } }, '/$defs/customer/properties/id'],
    [{ type: 'object', additionalProperties: marked }, '/additionalProperties'],
    [objectOf({ list: { type: 'array', prefixItems: [marked] } }), '/properties/list/prefixItems/0'],
  ])('given a mark that no path of properties leads to in %j, then the fault names the place', (schema, place) => {
    const fault = `${place}: x-search is for properties that are reached by \`properties\` alone`;
    expect(searchPropertyFaults(schema as Record<string, unknown>)).toEqual([fault]);
  });

  test('names have a limit, of characters and of length', () => {
    const longest = 'n'.repeat(126);
    expect(searchPropertyFaults(objectOf({ a: objectOf({ [longest]: marked }) }))).toEqual([]);
    for (const properties of [
      { a: objectOf({ [`${longest}n`]: marked }) },
      { 'a b': marked },
      { 'a=b': marked },
      { '': marked },
    ])
      expect(searchPropertyFaults(objectOf(properties))).toEqual([
        expect.stringContaining('needs a name of at most 128 characters of A-Z, a-z, 0-9, _, . and -'),
      ]);
  });

  test('two of one name are a fault: a dot in a name is no level', () => {
    const schema = objectOf({ 'a.b': marked, a: objectOf({ b: marked }) });
    expect(searchPropertyFaults(schema)).toEqual(['property a.b: x-search needs a name that no other property has']);
  });

  test('ten are allowed, eleven are not', () => {
    const schemaOf = (count: number) =>
      objectOf(Object.fromEntries(Array.from({ length: count }, (_, i) => [`p${i}`, marked])));
    expect(searchPropertyFaults(schemaOf(10))).toEqual([]);
    expect(searchPropertyFaults(schemaOf(11))).toEqual(['11 properties have x-search: at most 10 may have it']);
  });

  test('whatever the order of the properties, they come in one order', () => {
    const names = fc.uniqueArray(fc.stringMatching(/^[\w.-]{1,8}$/), { maxLength: 10 });
    fc.assert(
      fc.property(names, (names) => {
        const found = (names: string[]) =>
          searchProperties(objectOf(Object.fromEntries(names.map((name) => [name, marked]))));
        expect(found(names)).toEqual(found(names.toReversed()));
        expect(found(names).map(({ name }) => name)).toEqual(names.toSorted());
      }),
    );
  });
});
