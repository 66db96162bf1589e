/**
 * How the offsets that are done above the watermark are written into a commit's metadata: ASCII text of a bounded
 * length, because a broker counts the characters (`offset.metadata.max.bytes`, 4,096 unless raised).
 *
 * Two forms, of which the shorter is taken. Both are base64url of bytes, after a letter:
 *   `b` bitset: one bit an offset from the watermark on, lowest bit first, 1 = done
 *   `r` run lengths: unsigned LEB128 numbers, how many offsets in a row are open, done, open, done ...
 * Both are cut to what fits when neither does; the offsets that are left out are repeated after a restart, never lost.
 */

const bitset = 'b';
const runLengths = 'r';

/** Of a map that is read, more is damage: no consumer has so many records between its watermark and its newest. */
const maxSpan = 2 ** 40;

/**
 * @param runs how many offsets in a row are open, done, open, done ... from the watermark on
 * @param maxLength the most characters it may have
 */
export function encodeOffsetMap(runs: readonly number[], maxLength: number): string {
  const maxBytes = bytesIn(maxLength - 1);
  if (runs.length < 2 || maxBytes < 1) return '';
  const asRuns = encodeRuns(runs, maxBytes);
  const asBits = encodeBits(runs, Math.min(maxBytes, asRuns.complete ? asRuns.bytes.length : maxBytes));
  const bitsAreBetter =
    asBits.done > asRuns.done || (asBits.done === asRuns.done && asBits.bytes.length < asRuns.bytes.length);
  const { bytes, done } = bitsAreBetter ? asBits : asRuns;
  return done === 0 ? '' : (bitsAreBetter ? bitset : runLengths) + Buffer.from(bytes).toString('base64url');
}

/** Reads a map back as run lengths. Null when it is not one: what it said must then be repeated. */
export function decodeOffsetMap(text: string): number[] | null {
  if (text === '') return [];
  if (!/^[A-Za-z0-9_-]*$/.test(text)) return null;
  const bytes = Buffer.from(text.slice(1), 'base64url');
  if (text.startsWith(bitset)) return decodeBits(bytes);
  if (text.startsWith(runLengths)) return decodeRuns(bytes);
  return null;
}

/**
 * The longest a map can become, over every order in which the open offsets may end.
 *
 * @param span offsets from the watermark to the newest that was taken up
 * @param open how many of them are open. Each run of open offsets is followed by one of done ones, so there are at
 *   most twice as many runs, and a run takes a byte more for each factor of 128 in its length.
 */
export function longestOffsetMap(span: number, open: number): number {
  const runs = 2 * open;
  let bytes = runs;
  for (let length = 128; length <= span; length *= 128) bytes += Math.min(runs, Math.floor(span / length));
  return 1 + charactersFor(Math.min(bytes, Math.ceil(span / 8)));
}

interface Encoded {
  bytes: number[];
  /** How many done offsets it says. */
  done: number;
  /** Whether that is all of them. */
  complete: boolean;
}

function encodeRuns(runs: readonly number[], maxBytes: number): Encoded {
  const bytes: number[] = [];
  let done = 0;
  for (let index = 0; index + 1 < runs.length; index += 2) {
    const pair = [...leb128(runs[index] as number), ...leb128(runs[index + 1] as number)];
    if (bytes.length + pair.length > maxBytes) return { bytes, done, complete: false };
    bytes.push(...pair);
    done += runs[index + 1] as number;
  }
  return { bytes, done, complete: true };
}

function encodeBits(runs: readonly number[], maxBytes: number): Encoded {
  const maxBits = maxBytes * 8;
  const bytes: number[] = [];
  let done = 0;
  let bit = 0;
  for (const [index, length] of runs.entries()) {
    if (index % 2 === 0) {
      bit += length;
      continue;
    }
    const end = Math.min(bit + length, maxBits);
    for (; bit < end; bit += 1) {
      while (bytes.length <= bit >>> 3) bytes.push(0);
      bytes[bit >>> 3] = (bytes[bit >>> 3] as number) | (1 << (bit & 7));
      done += 1;
    }
    if (bit >= maxBits) return { bytes, done, complete: false };
  }
  return { bytes, done, complete: true };
}

function decodeBits(bytes: Uint8Array): number[] {
  const runs: number[] = [];
  let length = 0;
  let done = false;
  for (let bit = 0; bit < bytes.length * 8; bit += 1) {
    const isDone = (((bytes[bit >>> 3] as number) >>> (bit & 7)) & 1) === 1;
    if (isDone !== done) {
      runs.push(length);
      length = 0;
      done = isDone;
    }
    length += 1;
  }
  if (done) runs.push(length);
  return runs;
}

function decodeRuns(bytes: Uint8Array): number[] | null {
  const runs: number[] = [];
  let value = 0;
  let factor = 1;
  let span = 0;
  for (const byte of bytes) {
    value += (byte & 0x7f) * factor;
    factor *= 128;
    if (value > maxSpan || factor > maxSpan * 128) return null;
    if (byte & 0x80) continue;
    runs.push(value);
    span += value;
    value = 0;
    factor = 1;
  }
  return factor === 1 && runs.length % 2 === 0 && span <= maxSpan ? runs : null;
}

function leb128(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  while (rest >= 128) {
    bytes.push((rest % 128) | 0x80);
    rest = Math.floor(rest / 128);
  }
  bytes.push(rest);
  return bytes;
}

/** base64 without padding: four characters for three bytes. */
function charactersFor(bytes: number): number {
  return Math.ceil((bytes * 4) / 3);
}

function bytesIn(characters: number): number {
  return Math.floor((characters * 3) / 4);
}

/**
 * What a commit says besides its offset:
 *
 *   `1.<owner>.<state>.<offset map>`
 *
 * `1` is the format's version. `owner` names the consumer that wrote it, for as long as it lives. `state` is `a` while
 * that consumer may have records of the partition in hand, and `r` once it has none any more: then the partition is
 * released and another may begin. The offset map says what is done above the offset.
 */
interface CommitMetadata {
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
