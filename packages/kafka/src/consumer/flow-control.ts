import type { OwnedPartition } from './partitions/owned-partition.ts';
import type { GroupClient } from './group/group-client.ts';

export interface BufferLimits {
  maxRecords: number;
  maxBytes: number;
}

/**
 * Pauses a partition that has its share of its topic's buffer full, and resumes it once half of that is free again. The
 * share is equal for all partitions of a topic, so that one that stands still does not take the others' place.
 */
export class FlowControl {
  readonly #client: GroupClient;
  readonly #limits: BufferLimits;
  readonly #paused = new Set<OwnedPartition>();

  constructor(client: GroupClient, limits: BufferLimits) {
    this.#client = client;
    this.#limits = limits;
  }

  /**
   * After records came.
   * @param siblings how many partitions of the topic are ours, this one among them
   */
  check(partition: OwnedPartition, siblings: number): void {
    const { maxRecords, maxBytes } = this.#share(siblings);
    const { paused, bufferedRecords, bufferedBytes } = partition;
    if (paused || (bufferedRecords < maxRecords && bufferedBytes < maxBytes)) return;
    partition.paused = true;
    this.#paused.add(partition);
    this.#client.pause([partition]);
  }

  /** After records were started. */
  relieve(countOf: (topic: string) => number): void {
    for (const partition of this.#paused) {
      const { maxRecords, maxBytes } = this.#share(countOf(partition.topic));
      const { status, bufferedRecords, bufferedBytes } = partition;
      if (status === 'lost') this.#paused.delete(partition);
      if (status !== 'flowing' || bufferedRecords > maxRecords / 2 || bufferedBytes > maxBytes / 2) continue;
      partition.paused = false;
      this.#paused.delete(partition);
      this.#client.resume([partition]);
    }
  }

  #share(siblings: number): BufferLimits {
    const { maxRecords, maxBytes } = this.#limits;
    const sharers = Math.max(1, siblings);
    return { maxRecords: Math.max(1, maxRecords / sharers), maxBytes: Math.max(1, maxBytes / sharers) };
  }
}
