import { Buffer } from 'node:buffer';
import type { OutgoingRecord } from '../record.ts';

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

export const unknownTopicRetryMs = 500;

/**
 * How many partitions each topic has, as last heard. Kafka is asked about a topic when its first record comes, and
 * about all of them again from time to time; a topic that does not exist is asked about again every 500 ms while
 * records wait for it.
 */
export class PartitionCounts {
  readonly #lookUp: (topic: string) => Promise<number | undefined>;
  readonly #counts = new Map<string, number>();
  readonly #unknownSince = new Map<string, number>();

  constructor(lookUp: (topic: string) => Promise<number | undefined>) {
    this.#lookUp = lookUp;
  }

  /** Partition of a record; undefined while its topic's count is not known. */
  partitionOf({ topic, key }: OutgoingRecord): number | undefined {
    const count = this.#counts.get(topic);
    return count === undefined ? undefined : partitionFor(key, count);
  }

  /**
   * Asks about those of the topics that were not asked about lately.
   * @returns whether one of them is known now
   */
  async lookUp(topics: Iterable<string>, nowMs: number): Promise<boolean> {
    let found = false;
    for (const topic of topics) {
      const unknownSince = this.#unknownSince.get(topic);
      if (unknownSince !== undefined && nowMs - unknownSince < unknownTopicRetryMs) continue;
      await this.#ask(topic, nowMs);
      found ||= this.#counts.has(topic);
    }
    return found;
  }

  /** Asks again about every topic that is known. */
  async refresh(nowMs: number): Promise<void> {
    for (const topic of this.#counts.keys()) await this.#ask(topic, nowMs);
  }

  async #ask(topic: string, nowMs: number): Promise<void> {
    const count = await this.#lookUp(topic);
    if (count === undefined || count === 0) {
      this.#counts.delete(topic);
      this.#unknownSince.set(topic, nowMs);
    } else {
      this.#counts.set(topic, count);
      this.#unknownSince.delete(topic);
    }
  }
}
