import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { TaskIdSet } from './task-memory.ts';

const id = fc.oneof(
  fc.integer({ min: 1, max: 5_000 }),
  fc.constantFrom(1, 31, 32, 1_023, 1_024, 2 ** 31, 2 ** 32, Number.MAX_SAFE_INTEGER),
);

test('has what was added and nothing else', () => {
  fc.assert(
    fc.property(fc.array(id), fc.array(id), (added, asked) => {
      const set = new TaskIdSet(1_000);
      for (const each of added) set.add(each);
      for (const each of [...added, ...asked]) expect([each, set.has(each)]).toEqual([each, added.includes(each)]);
    }),
  );
});

test('beyond its limit it forgets the block that was begun first', () => {
  const set = new TaskIdSet(2);
  for (const each of [1, 5_000, 2, 9_000]) set.add(each);
  expect([1, 2, 5_000, 9_000].map((each) => set.has(each))).toEqual([false, false, true, true]);
});
