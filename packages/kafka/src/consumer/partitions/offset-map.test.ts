import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  decodeCommitMetadata,
  decodeOffsetMap,
  encodeCommitMetadata,
  encodeOffsetMap,
  longestOffsetMap,
} from './offset-map.ts';
import { OffsetTracker } from './offset-tracker.ts';

/** Runs as a tracker gives them: open, done, open, done ..., none empty but perhaps the first. */
const runs = fc
  .array(fc.tuple(fc.integer({ min: 1, max: 400 }), fc.integer({ min: 1, max: 400 })), { maxLength: 60 })
  .map((pairs) => pairs.flat());
const roomy = 65_536;

describe('offset map', () => {
  test('comes back as it was written', () => {
    fc.assert(
      fc.property(runs, (original) => {
        expect(decodeOffsetMap(encodeOffsetMap(original, roomy))).toEqual(original);
      }),
    );
  });

  test('is printable ASCII within the limit, and what does not fit is forgotten, never invented', () => {
    fc.assert(
      fc.property(runs, fc.integer({ min: 0, max: 100 }), (original, maxLength) => {
        const text = encodeOffsetMap(original, maxLength);
        expect(text).toMatch(/^[ -~]*$/);
        expect(text.length).toBeLessThanOrEqual(maxLength);
        const known = new Set(doneOffsets(original));
        expect(doneOffsets(decodeOffsetMap(text) ?? []).filter((offset) => !known.has(offset))).toEqual([]);
      }),
    );
  });

  test('takes the shorter form: a bitset for a patchwork, run lengths for long runs', () => {
    const patchwork = Array.from({ length: 2_000 }, () => 1);
    expect(encodeOffsetMap(patchwork, roomy)).toMatch(/^b/);
    expect(encodeOffsetMap(patchwork, roomy).length).toBe(1 + Math.ceil((2_000 / 8) * (4 / 3)));
    expect(encodeOffsetMap([1, 1_000_000], roomy)).toMatch(/^r.{6}$/);
  });

  test('is empty when nothing is done', () => {
    expect(encodeOffsetMap([], roomy)).toBe('');
    expect(decodeOffsetMap('')).toEqual([]);
  });

  test('text that is none says nothing, and never throws', () => {
    expect(decodeOffsetMap('x123')).toBeNull();
    expect(decodeOffsetMap('r!!')).toBeNull();
    // A run length that does not end, and one beyond any log.
    expect(decodeOffsetMap(`r${Buffer.from([0x80]).toString('base64url')}`)).toBeNull();
    expect(decodeOffsetMap(`r${Buffer.from([1, ...Array<number>(9).fill(0xff), 1]).toString('base64url')}`)).toBeNull();
    fc.assert(
      fc.property(fc.string(), (text) => {
        expect(() => decodeOffsetMap(text)).not.toThrow();
      }),
    );
  });

  test('never becomes longer than was foreseen, in whatever order the open records end', () => {
    fc.assert(
      fc.property(
        fc.array(fc.boolean(), { minLength: 1, maxLength: 600 }),
        fc.array(fc.nat(), { maxLength: 600 }),
        (isOpen, order) => {
          const tracker = new OffsetTracker(0);
          for (const offset of isOpen.keys()) tracker.open(offset);
          for (const [offset, open] of isOpen.entries()) if (!open) tracker.complete(offset);
          let foreseen = longestOffsetMap(tracker.span, tracker.openCount);
          const open = [...isOpen.keys()].filter((offset) => isOpen[offset]);
          for (const pick of order) {
            expect(encodeOffsetMap(tracker.completedRuns(), roomy).length).toBeLessThanOrEqual(foreseen);
            // Less open and a shorter span: what is foreseen can only shrink.
            const now = longestOffsetMap(tracker.span, tracker.openCount);
            expect(now).toBeLessThanOrEqual(foreseen);
            foreseen = now;
            if (open.length === 0) break;
            tracker.complete(open.splice(pick % open.length, 1)[0] as number);
          }
        },
      ),
    );
  });

  test('4,096 characters hold 24,000 offsets of any pattern, and 500 open ones among 100,000', () => {
    expect(longestOffsetMap(24_000, 12_000)).toBeLessThanOrEqual(4_096);
    expect(longestOffsetMap(100_000, 500)).toBeLessThanOrEqual(4_096);
    expect(longestOffsetMap(25_000, 12_500)).toBeGreaterThan(4_096);
  });
});

function doneOffsets(runs: readonly number[]): number[] {
  const offsets: number[] = [];
  let offset = 0;
  for (const [index, length] of runs.entries()) {
    if (index % 2 === 1) for (let step = 0; step < length; step += 1) offsets.push(offset + step);
    offset += length;
  }
  return offsets;
}

const limit = 4_096;

describe('commit metadata', () => {
  test('comes back as it was written', () => {
    const metadata = { owner: 'AbC_-012', released: false, runs: [1, 19_999] };
    expect(decodeCommitMetadata(encodeCommitMetadata(metadata, limit))).toEqual(metadata);
    const released = { ...metadata, released: true, runs: [] };
    expect(decodeCommitMetadata(encodeCommitMetadata(released, limit))).toEqual(released);
  });

  test('fits its limit, the owner included', () => {
    const runs = Array.from({ length: 10_000 }, () => 7);
    for (const maxLength of [40, 300, 4_096])
      expect(encodeCommitMetadata({ owner: 'AbC_-012', released: false, runs }, maxLength).length).toBeLessThanOrEqual(
        maxLength,
      );
  });

  test('a damaged map keeps the owner and says that nothing is done', () => {
    expect(decodeCommitMetadata('1.AbC_-012.a.x')).toEqual({ owner: 'AbC_-012', released: false, runs: [] });
  });

  test('what another program wrote, or a later version, is not read', () => {
    for (const text of [null, '', 'event-id-3', '2.AbC_-012.a.', '1.AbC.z.', '1..a.']) {
      expect(decodeCommitMetadata(text)).toBeNull();
    }
    fc.assert(
      fc.property(fc.string(), (text) => {
        expect(() => decodeCommitMetadata(text)).not.toThrow();
      }),
    );
  });
});
