import { describe, expect, test } from '@jest/globals';
import { offsetsOf } from './session.ts';

describe('the offsets of a batch', () => {
  test('are counted from the base offset of each partition, in the order of the records', () => {
    const bases = new Map([
      ['a/0', 100],
      ['a/1', 7],
    ]);
    expect(offsetsOf(['a/0', 'a/1', 'a/0', 'a/0', 'a/1'], bases)).toEqual([100, 7, 101, 102, 8]);
  });

  test.each([
    ['a partition that the answer leaves out', undefined],
    ['the offset that says "unknown"', -1],
    ['an offset beyond what a number holds', 2 ** 53],
    ['no number', Number.NaN],
  ])('%s is no acknowledgement', (_, base) => {
    const bases = new Map(base === undefined ? [] : [['a/0', base]]);
    expect(() => offsetsOf(['a/0'], bases)).toThrow('a/0');
  });
});
