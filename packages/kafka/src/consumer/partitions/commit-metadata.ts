import { decodeOffsetMap, encodeOffsetMap } from './offset-map.ts';

/**
 * What a commit says besides its offset:
 *
 *   `1.<owner>.<state>.<offset map>`
 *
 * `1` is the format's version. `owner` names the consumer that wrote it, for as long as it lives. `state` is `a` while
 * that consumer may have records of the partition in hand, and `r` once it has none any more: then the partition is
 * released and another may begin. The offset map says what is done above the offset.
 */
export interface CommitMetadata {
  owner: string;
  released: boolean;
  /** How many offsets in a row are open, done, open, done ... from the committed offset on. */
  runs: number[];
}

/** Characters that are not the offset map's. */
export const metadataOverhead = (owner: string): number => '1..a.'.length + owner.length;

/** @param maxLength the most characters it may have; a map that does not fit is cut */
export function encodeCommitMetadata({ owner, released, runs }: CommitMetadata, maxLength: number): string {
  const map = encodeOffsetMap(runs, maxLength - metadataOverhead(owner));
  return `1.${owner}.${released ? 'r' : 'a'}.${map}`;
}

/** Null when it is not ours or damaged: then nothing above the offset is known to be done. */
export function decodeCommitMetadata(text: string | null): CommitMetadata | null {
  const [, owner, state, map] = /^1\.([A-Za-z0-9_-]+)\.([ar])\.([A-Za-z0-9_-]*)$/.exec(text ?? '') ?? [];
  if (owner === undefined || map === undefined) return null;
  const runs = decodeOffsetMap(map);
  return { owner, released: state === 'r', runs: runs ?? [] };
}
