import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { searchValueOf, storedSearchValue } from './read-model.ts';

test('given a search value with any text, then it is read as it was stored', () => {
  const name = fc.stringMatching(/^[A-Za-z0-9_.-]{1,20}$/);
  fc.assert(
    fc.property(fc.record({ name, value: fc.string() }, { noNullPrototype: true }), (searchValue) => {
      expect(searchValueOf(storedSearchValue(searchValue))).toEqual(searchValue);
    }),
  );
  expect(searchValueOf('customer.id=a=b')).toEqual({ name: 'customer.id', value: 'a=b' });
});
