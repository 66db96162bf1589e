import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { taskStatuses } from '@nask/schemas';
import { InvalidRequestError } from '../errors.ts';
import { parseTaskId } from './one-task.ts';
import {
  cursorAfter,
  cursorOf,
  isByTime,
  listOrders,
  nextPageQuery,
  parseCursor,
  parsePosition,
  parseTaskList,
  type TaskList,
} from './task-list.rules.ts';
import type { VisibleTaskDocument } from './task-view.rules.ts';

const lastTask = (id: number, createdAtMs: number) =>
  ({ _id: id, status: 'PENDING', created_at: new Date(createdAtMs) }) as VisibleTaskDocument;

describe('which tasks a list is asked for', () => {
  test('without parameters: the first 1,000, by id', () => {
    expect(parseTaskList({})).toEqual({ limit: 1000, order: 'id' });
  });

  test('all there is to ask for', () => {
    expect(
      parseTaskList({
        limit: '7',
        order: '-created_at',
        status: 'RETRY,PENDING',
        type: 'prime',
        created_after: '2026-11-24T18:30:00Z',
        created_before: '2026-11-24T20:30:00.5+01:00',
        cursor: cursorOf({ id: 3, createdAtMs: 5 }),
      }),
    ).toEqual({
      limit: 7,
      order: '-created_at',
      statuses: ['PENDING', 'RETRY'],
      type: 'prime',
      createdFromMs: Date.UTC(2026, 10, 24, 18, 30),
      createdBeforeMs: Date.UTC(2026, 10, 24, 19, 30, 0, 500),
      after: { id: 3, createdAtMs: 5 },
    });
  });

  test.each([
    [{ limit: '0' }, 'limit must be given once, an integer from 1 to 1000'],
    [{ limit: '1001' }, 'limit'],
    [{ limit: '1.5' }, 'limit'],
    [{ limit: '' }, 'limit'],
    [{ limit: ['1', '2'] }, 'limit'],
    [{ order: 'status' }, 'order must be given once, one of: id, -id, created_at, -created_at'],
    [{ status: 'DONE' }, 'status must be given once: one of PENDING, STARTED'],
    [{ status: 'PENDING,' }, 'status'],
    [{ status: `${taskStatuses.join(',')},PENDING` }, 'status'],
    [{ type: '' }, 'type'],
    [{ type: 'x'.repeat(201) }, 'type'],
    [{ created_after: 'yesterday' }, 'created_after'],
    [{ created_after: '2026-11-24' }, 'created_after'],
    [{ created_before: '2026-13-24T18:30:00Z' }, 'created_before'],
    [{ cursor: 'x' }, 'cursor'],
    [{ cursor: cursorAfter(1), order: 'created_at' }, 'cursor'],
    [{ cursor: cursorOf({ id: 1, createdAtMs: 1 }) }, 'cursor'],
    [{ limt: '5' }, 'limt is not known; the parameters are limit, cursor, order'],
    [{ ['x'.repeat(500)]: '' }, `${'x'.repeat(100)} is not known`],
  ])('%j is refused, with the rule', (query, rule) => {
    expect(() => parseTaskList(query)).toThrow(InvalidRequestError);
    expect(() => parseTaskList(query)).toThrow(`the parameter ${rule}`);
  });

  test('every fault is named', () => {
    expect(() => parseTaskList({ limit: 'x', type: '', other: '' })).toThrow(/other .*limit .*type /);
  });

  test('the query of the next page asks for the same tasks in the same order, after the last', () => {
    const time = fc.option(fc.nat({ max: 2_000_000_000_000 }), { nil: undefined });
    const list = fc.record({
      limit: fc.integer({ min: 1, max: 1000 }),
      order: fc.constantFrom(...listOrders),
      statuses: fc.option(fc.subarray([...taskStatuses], { minLength: 1 }), { nil: undefined }),
      type: fc.option(fc.string({ minLength: 1, maxLength: 200 }), { nil: undefined }),
      createdFromMs: time,
      createdBeforeMs: time,
    });
    fc.assert(
      fc.property(list, fc.maxSafeNat(), fc.nat(), (list: TaskList, id, createdAtMs) => {
        const query = Object.fromEntries(new URLSearchParams(nextPageQuery(list, lastTask(id, createdAtMs))));
        expect(parseTaskList(query)).toEqual({ ...list, after: isByTime(list.order) ? { id, createdAtMs } : { id } });
      }),
    );
  });
});

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
