import { partitionFor } from './partitioner.ts';
import type { OutgoingRecord } from '../record.ts';

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
