/** What the queue has to know of a record. */
export interface Queueable {
  /** An upper bound of what the record takes in a batch. */
  readonly sizeBytes: number;
  /** To be sent by itself, in a batch of one. */
  readonly alone: boolean;
}

interface QueueLimits {
  maxRecords: number;
  maxBytes: number;
}

export interface BatchLimits extends QueueLimits {
  /** The broker limits the bytes of one partition's batch, not of the whole request. */
  maxBytesPerPartition: number;
}

/**
 * The records that wait for the send in flight to end. Bounded; first in, first out for each partition. Does no I/O
 * and knows no clock.
 */
export class BatchQueue<T extends Queueable> {
  // A Set keeps the order of insertion and deletes from anywhere at once, which deadlines need. Each batch leaves a new
  // one behind: in one that grows and shrinks for ever V8 keeps what was in it alive, see docs/decisions/0046.
  #waiting = new Set<T>();
  readonly #limits: QueueLimits;
  #bytes = 0;

  constructor(limits: QueueLimits) {
    this.#limits = limits;
  }

  get size(): number {
    return this.#waiting.size;
  }

  get bytes(): number {
    return this.#bytes;
  }

  hasRoomFor(sizeBytes: number): boolean {
    return this.#waiting.size < this.#limits.maxRecords && this.#bytes + sizeBytes <= this.#limits.maxBytes;
  }

  /** Throws when there is no room. */
  add(record: T): void {
    if (!this.hasRoomFor(record.sizeBytes)) throw new RangeError('The queue is full');
    this.#waiting.add(record);
    this.#bytes += record.sizeBytes;
  }

  /** Takes a record out so that no batch ever has it. Returns false when it is not waiting (any more). */
  remove(record: T): boolean {
    const removed = this.#waiting.delete(record);
    if (removed) this.#bytes -= record.sizeBytes;
    return removed;
  }

  /**
   * Takes the next batch out of the queue: as many records as the limits allow, oldest first. A record that does not
   * fit any more stays, and so does everything behind it in its partition. A record larger than
   * `maxBytesPerPartition` goes in a batch where its partition has nothing else.
   * @param partitionOf names the record's partition (unique among topics); undefined: cannot be sent yet, stays
   */
  take(limits: BatchLimits, partitionOf: (record: T) => string | undefined): T[] {
    const batch: T[] = [];
    const partitionBytes = new Map<string, number>();
    const full = new Set<string>();
    let bytes = 0;

    for (const record of this.#waiting) {
      const partition = partitionOf(record);
      if (partition === undefined || full.has(partition)) continue;
      if (record.alone) {
        if (batch.length === 0) {
          batch.push(record);
          break;
        }
        full.add(partition);
        continue;
      }
      const used = partitionBytes.get(partition) ?? 0;
      if (used > 0 && used + record.sizeBytes > limits.maxBytesPerPartition) {
        full.add(partition);
        continue;
      }
      if (batch.length > 0 && bytes + record.sizeBytes > limits.maxBytes) break;
      batch.push(record);
      bytes += record.sizeBytes;
      partitionBytes.set(partition, used + record.sizeBytes);
      if (batch.length >= limits.maxRecords) break;
    }

    if (batch.length > 0) this.#waiting = this.#waiting.difference(new Set(batch));
    for (const record of batch) this.#bytes -= record.sizeBytes;
    return batch;
  }
}
