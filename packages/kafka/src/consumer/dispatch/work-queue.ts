import type { ConsumedRecord } from '../../record.ts';
import type { OwnedPartition } from '../partitions/owned-partition.ts';

/** A record that waits, and the partition it came from. */
export interface Work {
  record: ConsumedRecord;
  partition: OwnedPartition;
  /** What it takes of the buffer, about. */
  bytes: number;
}

/** `unordered`: any record may run beside any other. `key`: records of one key one after the other, in log order. */
export type Ordering = 'unordered' | 'key';

export interface Gate {
  /** Whether records of this partition may be started at all now. */
  mayStart: (partition: OwnedPartition) => boolean;
  /**
   * Asked before a record is taken out of its partition's line; it notes the record as taken up. False leaves it, and
   * all behind it, where they are.
   */
  admit: (partition: OwnedPartition, record: ConsumedRecord) => boolean;
}

/**
 * The records of one topic that were read and do not run yet: a line for each partition, taken from in turn.
 *
 * By key, a record whose key is busy waits apart, and what is behind it goes on; it comes next once its key is free.
 * The queue itself has no limit: its user stops adding (pauses the partition) by `bufferedRecords` and
 * `bufferedBytes`, which it keeps on the partition.
 */
export class WorkQueue {
  readonly #ordering: Ordering;
  readonly #lines = new Map<OwnedPartition, Line>();
  /** Keys that run, with the records that wait for them. */
  readonly #busy = new Map<string, Work[]>();
  /** Their key has become free for them. */
  #ready: Work[] = [];
  #records = 0;
  #bytes = 0;

  constructor(ordering: Ordering) {
    this.#ordering = ordering;
  }

  get records(): number {
    return this.#records;
  }

  get bytes(): number {
    return this.#bytes;
  }

  add(partition: OwnedPartition, records: readonly ConsumedRecord[]): void {
    let line = this.#lines.get(partition);
    if (line === undefined) this.#lines.set(partition, (line = new Line()));
    for (const record of records) {
      const work = { record, partition, bytes: sizeOf(record) };
      line.push(work);
      this.#count(work, 1);
    }
    noteFirst(partition, line);
  }

  /** The next record that may run. Its key is busy until `done`. */
  take({ mayStart, admit }: Gate): Work | null {
    const ready = this.#ready.findIndex(({ partition }) => mayStart(partition));
    if (ready >= 0) return this.#taken(this.#ready.splice(ready, 1)[0] as Work);

    for (const [partition, line] of this.#lines) {
      if (!mayStart(partition)) continue;
      for (let work = line.first; work !== undefined && admit(partition, work.record); work = line.first) {
        line.shift();
        noteFirst(partition, line);
        const key = this.#keyOf(work);
        const waiting = key === null ? undefined : this.#busy.get(key);
        if (waiting !== undefined) {
          waiting.push(work);
          continue;
        }
        if (key !== null) this.#busy.set(key, []);
        // To the end of the round: the next record is another partition's.
        this.#lines.delete(partition);
        if (line.first !== undefined) this.#lines.set(partition, line);
        return this.#taken(work);
      }
      if (line.first === undefined) this.#lines.delete(partition);
    }
    return null;
  }

  /** A record that was taken has ended, one way or the other: the next of its key may run. */
  done(work: Work): void {
    const key = this.#keyOf(work);
    const waiting = key === null ? undefined : this.#busy.get(key);
    if (key === null || waiting === undefined) return;
    const next = waiting.shift();
    if (next === undefined) this.#busy.delete(key);
    else this.#ready.push(next);
  }

  /** Forgets what waits of a partition. */
  drop(partition: OwnedPartition): void {
    const isOthers = (work: Work) => work.partition !== partition;
    const forget = (works: Iterable<Work>) => {
      for (const work of works) if (!isOthers(work)) this.#count(work, -1);
    };
    forget(this.#lines.get(partition)?.all() ?? []);
    this.#lines.delete(partition);
    partition.firstBufferedMs = null;

    for (const [key, waiting] of this.#busy) {
      forget(waiting);
      this.#busy.set(key, waiting.filter(isOthers));
    }
    const ready = this.#ready;
    this.#ready = ready.filter(isOthers);
    forget(ready);
    for (const work of ready) if (!isOthers(work)) this.done(work);
  }

  #taken(work: Work): Work {
    this.#count(work, -1);
    return work;
  }

  #count({ partition, bytes }: Work, sign: 1 | -1): void {
    this.#records += sign;
    this.#bytes += sign * bytes;
    partition.bufferedRecords += sign;
    partition.bufferedBytes += sign * bytes;
  }

  #keyOf({ record, partition }: Work): string | null {
    return this.#ordering === 'unordered' || record.key === null ? null : `${partition.partition}/${record.key}`;
  }
}

function noteFirst(partition: OwnedPartition, line: Line): void {
  partition.firstBufferedMs = line.first?.record.timestampMs ?? null;
}

/** First in, first out, without moving what is behind at each step. */
class Line {
  #works: (Work | undefined)[] = [];
  #head = 0;

  get first(): Work | undefined {
    return this.#works[this.#head];
  }

  push(work: Work): void {
    this.#works.push(work);
  }

  shift(): void {
    this.#works[this.#head] = undefined;
    this.#head += 1;
    if (this.#head < 1024 || this.#head * 2 < this.#works.length) return;
    this.#works = this.#works.slice(this.#head);
    this.#head = 0;
  }

  all(): Work[] {
    return this.#works.slice(this.#head).filter((work) => work !== undefined);
  }
}

const recordOverheadBytes = 300;

/** Key and headers are there as text and as bytes. */
function sizeOf({ key, value, headers }: ConsumedRecord): number {
  let textLength = key?.length ?? 0;
  for (const name in headers) textLength += name.length + (headers[name]?.length ?? 0);
  return recordOverheadBytes + 2 * textLength + (value?.length ?? 0);
}
