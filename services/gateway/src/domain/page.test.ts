import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { InvalidRequestError } from './errors.ts';
import { cursorAfter, parsePage } from './page.ts';
import { parseTaskId } from './task-id.ts';

describe('the page of a list', () => {
  test('without parameters: the first 1,000', () => {
    expect(parsePage({})).toEqual({ limit: 1000, afterId: 0 });
  });

  test('a cursor leads back to its id', () => {
    fc.assert(
      fc.property(fc.maxSafeNat(), (id) => {
        expect(parsePage({ limit: '7', cursor: cursorAfter(id) })).toEqual({ limit: 7, afterId: id });
      }),
    );
  });

  test.each(['', '0', '1001', '99999', '-1', '1.5', '1e2', 'ten', ['1', '2']])(
    'the limit %j is refused, with the limits',
    (limit) => {
      expect(() => parsePage({ limit })).toThrow('the parameter limit must be given once, an integer from 1 to 1000');
    },
  );

  test.each(['', 'x', 'aWQ6', cursorAfter(1e16), `${cursorAfter(1)}x`, 'a'.repeat(1000), ['a', 'b']])(
    'the cursor %j is refused',
    (cursor) => {
      expect(() => parsePage({ cursor })).toThrow(InvalidRequestError);
    },
  );
});

describe('the id of a task', () => {
  test.each([
    ['1', 1],
    ['9007199254740991', Number.MAX_SAFE_INTEGER],
  ])('%s is one', (text, id) => {
    expect(parseTaskId(text)).toBe(id);
  });

  test.each([
    '0',
    '-1',
    '+1',
    '01',
    '1.0',
    '1e3',
    '0x1',
    'a',
    '',
    ' 1',
    '1 ',
    '9007199254740993',
    '99999999999999999999',
    '١',
  ])('%j is none', (text) => {
    expect(parseTaskId(text)).toBeUndefined();
  });
});
