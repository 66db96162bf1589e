import { Buffer } from 'node:buffer';

/**
 * The partition of a key, as Kafka's Java clients choose it (DefaultPartitioner / BuiltInPartitioner: murmur2 of the
 * key's bytes, sign bit cleared, modulo): a producer in any language finds the same partition for the same task.
 * @param key UTF-8 text
 * @param partitionCount number of partitions of the topic, at least 1
 */
export function partitionFor(key: string, partitionCount: number): number {
  return (murmur2(Buffer.from(key)) & 0x7fff_ffff) % partitionCount;
}

const seed = 0x9747_b28c;
const mixMultiplier = 0x5bd1_e995;
const mixShift = 24;

/**
 * Austin Appleby's MurmurHash2, 32 bit, with the seed of Kafka's `org.apache.kafka.common.utils.Utils.murmur2`.
 * @returns a signed 32-bit integer, as Java's
 */
export function murmur2(data: Uint8Array): number {
  const { length } = data;
  let hash = seed ^ length;
  let at = 0;
  for (; at + 4 <= length; at += 4) {
    let word = data[at]! | (data[at + 1]! << 8) | (data[at + 2]! << 16) | (data[at + 3]! << 24);
    word = Math.imul(word, mixMultiplier);
    word ^= word >>> mixShift;
    word = Math.imul(word, mixMultiplier);
    hash = Math.imul(hash, mixMultiplier) ^ word;
  }
  const rest = length - at;
  if (rest > 0) {
    if (rest === 3) hash ^= data[at + 2]! << 16;
    if (rest >= 2) hash ^= data[at + 1]! << 8;
    hash = Math.imul(hash ^ data[at]!, mixMultiplier);
  }
  hash = Math.imul(hash ^ (hash >>> 13), mixMultiplier);
  return hash ^ (hash >>> 15);
}
