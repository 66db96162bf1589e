import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { decodeCommitMetadata, encodeCommitMetadata } from './commit-metadata.ts';

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
