import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { OffsetTracker } from './offset-tracker.ts';

/** What happens to a partition: a record comes, `gap` offsets behind the last; one of the open ones ends; a restart. */
type Step = { kind: 'open'; gap: number } | { kind: 'complete'; which: number } | { kind: 'restart' };

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 5, arbitrary: fc.record({ kind: fc.constant('open' as const), gap: fc.nat({ max: 3 }) }) },
  { weight: 5, arbitrary: fc.record({ kind: fc.constant('complete' as const), which: fc.nat() }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('restart' as const) }) },
);

/** The same by definition: a set of the offsets that exist, and a set of those that ended. */
class Model {
  readonly exists: number[] = [];
  readonly done = new Set<number>();
  readonly open = new Set<number>();

  watermark(next: number): number {
    return Math.min(next, ...this.exists.filter((offset) => !this.done.has(offset)));
  }
}

describe('OffsetTracker', () => {
  test('whatever order records end in, the watermark is the lowest that has not, and the runs name all that have', () => {
    fc.assert(
      fc.property(fc.nat({ max: 1000 }), fc.array(step, { maxLength: 200 }), (start, steps) => {
        let tracker = new OffsetTracker(start);
        const model = new Model();
        let logEnd = start;
        for (const taken of steps) {
          if (taken.kind === 'open') {
            const pending = model.exists.find((offset) => !model.done.has(offset) && !model.open.has(offset));
            const offset = pending ?? logEnd + taken.gap;
            if (pending === undefined) model.exists.push(offset);
            logEnd = Math.max(logEnd, offset + 1);
            model.open.add(offset);
            tracker.open(offset);
          } else if (taken.kind === 'complete') {
            const open = [...model.open];
            const offset = open[taken.which % Math.max(1, open.length)];
            if (offset === undefined) continue;
            expect(tracker.complete(offset)).toBe(true);
            model.open.delete(offset);
            model.done.add(offset);
          } else {
            tracker = new OffsetTracker(tracker.watermark, tracker.completedRuns());
            model.open.clear();
          }
          const highest = Math.max(start, ...model.exists.map((offset) => offset + 1));
          expect(tracker.watermark).toBe(model.watermark(Math.max(highest, tracker.next)));
          expect(tracker.openCount).toBe(model.open.size);
          const done = model.exists.filter((offset) => model.done.has(offset) && offset >= tracker.watermark);
          expect(model.exists.filter((offset) => isDone(tracker, offset) && offset >= tracker.watermark)).toEqual(done);
          for (const offset of [...model.done, ...model.open]) expect(tracker.isKnown(offset)).toBe(true);
        }
      }),
    );
  });

  test('a record that is delivered again is known, and cannot be opened twice', () => {
    const tracker = new OffsetTracker(10);
    tracker.open(10);
    tracker.open(11);
    tracker.complete(11);

    expect([9, 10, 11, 12].map((offset) => tracker.isKnown(offset))).toEqual([true, true, true, false]);
    expect(() => tracker.open(11)).toThrow(RangeError);
  });

  test('ending a record twice, or one that was never taken up, changes nothing', () => {
    const tracker = new OffsetTracker(0);
    tracker.open(0);

    expect(tracker.complete(5)).toBe(false);
    expect(tracker.complete(0)).toBe(true);
    expect(tracker.complete(0)).toBe(false);
    expect(tracker.watermark).toBe(1);
  });

  test('a restart behind an open head delivers the head and skips what is done', () => {
    const before = new OffsetTracker(0);
    for (let offset = 0; offset < 20_000; offset += 1) before.open(offset);
    for (let offset = 1; offset < 20_000; offset += 1) before.complete(offset);

    const after = new OffsetTracker(before.watermark, before.completedRuns());

    expect(before.completedRuns()).toEqual([1, 19_999]);
    expect(after.watermark).toBe(0);
    expect(after.isKnown(0)).toBe(false);
    expect(after.isKnown(19_999)).toBe(true);
    after.open(0);
    expect(after.next).toBe(20_000);
    after.complete(0);
    expect(after.watermark).toBe(20_000);
  });

  test('what was done ahead is counted until it is passed', () => {
    // From 10 on: 2 open, 3 done, 1 open, 4 done.
    const tracker = new OffsetTracker(10, [2, 3, 1, 4]);
    expect(tracker.doneAheadCount).toBe(7);
    tracker.open(10);
    tracker.open(11);
    expect([tracker.next, tracker.doneAheadCount]).toEqual([15, 4]);
  });

  test('what is done takes no memory, however long the head stays open', () => {
    const tracker = new OffsetTracker(0);
    tracker.open(0);
    for (let offset = 1; offset < 300_000; offset += 1) {
      tracker.open(offset);
      tracker.complete(offset);
    }
    expect(tracker.completedRuns()).toEqual([1, 299_999]);
    expect(tracker.span).toBe(300_000);
  });
});

function isDone(tracker: OffsetTracker, offset: number): boolean {
  let from = tracker.watermark;
  if (offset < from) return true;
  for (const [index, length] of tracker.completedRuns().entries()) {
    if (offset < from + length) return index % 2 === 1;
    from += length;
  }
  return false;
}
