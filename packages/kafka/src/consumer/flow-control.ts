import type { OwnedPartition } from './owned-partition.ts';
import type { GroupClient } from './ports.ts';

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

  constructor(client: GroupClient, limits: BufferLimits) {
    this.#client = client;
    this.#limits = limits;
  }

  /** @param siblings how many partitions of the topic are ours, this one among them */
  adjust(partition: OwnedPartition, siblings: number): void {
    if (partition.status !== 'flowing') return;
    const maxRecords = Math.max(1, Math.floor(this.#limits.maxRecords / siblings));
    const maxBytes = Math.max(1, Math.floor(this.#limits.maxBytes / siblings));
    const { paused, bufferedRecords, bufferedBytes } = partition;
    if (!paused && (bufferedRecords >= maxRecords || bufferedBytes >= maxBytes)) {
      partition.paused = true;
      this.#client.pause([partition]);
    } else if (paused && bufferedRecords <= maxRecords / 2 && bufferedBytes <= maxBytes / 2) {
      partition.paused = false;
      this.#client.resume([partition]);
    }
  }
}
