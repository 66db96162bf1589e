import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { createFirstCompletions } from './first-completions.ts';

describe('the first completion of a task', () => {
  test('is sent, and later ones are not', () => {
    const completions = createFirstCompletions(10);
    expect(completions.claim('4', 7)).toBe(true);
    expect(completions.claim('4', 9)).toBe(false);
    expect(completions.claim('5', 9)).toBe(true);
  });

  test('is sent when it comes again and was not delivered, and not when it was', () => {
    const completions = createFirstCompletions(10);
    completions.claim('4', 7);
    expect(completions.claim('4', 7)).toBe(true);
    completions.delivered('4', 7);
    expect(completions.claim('4', 7)).toBe(false);
  });

  test('is the one with the lowest offset, also when that is seen later', () => {
    const completions = createFirstCompletions(10);
    completions.claim('4', 9);
    expect(completions.claim('4', 7)).toBe(true);
    expect(completions.claim('4', 9)).toBe(false);
  });

  test('leaves its place when it turns out to be none', () => {
    const completions = createFirstCompletions(10);
    completions.claim('4', 7);
    completions.release('4', 7);
    expect(completions.claim('4', 9)).toBe(true);
  });

  test('is not affected by what happens to another completion', () => {
    const completions = createFirstCompletions(10);
    completions.claim('4', 7);
    completions.delivered('4', 9);
    completions.release('4', 9);
    expect(completions.claim('4', 9)).toBe(false);
    expect(completions.claim('4', 7)).toBe(true);
  });

  test('is forgotten beyond the limit, the one asked for longest ago first', () => {
    const completions = createFirstCompletions(2);
    completions.claim('1', 1);
    completions.claim('2', 2);
    completions.claim('1', 3);
    completions.claim('3', 4);
    expect(completions.claim('1', 5)).toBe(false);
    expect(completions.claim('2', 6)).toBe(true);
  });

  test('is delivered once in whatever order and however often completions come, as long as it is remembered', () => {
    const completion = fc.record({ task: fc.constantFrom('1', '2', '3'), offset: fc.nat(5) });
    fc.assert(
      fc.property(fc.array(completion), (arrivals) => {
        const completions = createFirstCompletions(3);
        const sent: { task: string; offset: number }[] = [];
        for (const { task, offset } of arrivals) {
          if (!completions.claim(task, offset)) continue;
          completions.delivered(task, offset);
          sent.push({ task, offset });
        }
        for (const task of ['1', '2', '3']) {
          const offsets = sent.filter((one) => one.task === task).map(({ offset }) => offset);
          // Each one sent comes before the one sent last: nothing repeats, and a repeat is never sent after the first.
          expect(offsets).toEqual([...new Set(offsets)].sort((a, b) => b - a));
        }
      }),
    );
  });
});
