import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { parseTaskId } from './one-task.ts';
import { cursorAfter, cursorOf, parseCursor, parsePosition } from './task-list.rules.ts';

describe('a cursor', () => {
  test('leads back to its position', () => {
    fc.assert(
      fc.property(fc.maxSafeNat(), fc.option(fc.nat(), { nil: undefined }), (id, createdAtMs) => {
        const position = createdAtMs === undefined ? { id } : { id, createdAtMs };
        expect(parsePosition(cursorOf(position))).toEqual(position);
        expect(parseCursor(cursorAfter(id))).toBe(id);
      }),
    );
  });

  test('of a list in another order is none of a list by id', () => {
    expect(parseCursor(cursorOf({ id: 1, createdAtMs: 2 }))).toBeUndefined();
  });

  test.each(['', 'x', 'aWQ6', cursorAfter(1e16), `${cursorAfter(1)}x`, 'a'.repeat(1000)])('%j is none', (text) => {
    expect(parsePosition(text)).toBeUndefined();
  });
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
