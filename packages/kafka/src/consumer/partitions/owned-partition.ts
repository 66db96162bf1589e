import type { ConsumedRecord, TopicPartition } from '../../record.ts';
import { decodeCommitMetadata, longestOffsetMap } from './offset-map.ts';
import { OffsetTracker } from './offset-tracker.ts';
import { partitionId, type Commit, type LogBounds } from '../group/group-client.ts';

/**
 * `loading`: it has just been assigned and its commit is not read yet. `verifying`: we had it, left the group without
 * wanting to, and do not know yet whether another had it meanwhile. `flowing`: its records are handled. `lost`: it
 * is not ours any more.
 */
type PartitionStatus = 'loading' | 'verifying' | 'flowing' | 'lost';

/** A partition while it is ours: what was read, what runs, what is done, what is committed. */
export class OwnedPartition implements TopicPartition {
  readonly topic: string;
  readonly partition: number;
  readonly id: string;
  status: PartitionStatus = 'loading';
  tracker = new OffsetTracker(0);
  /** Where the next fetch begins. What lies between the tracker's next and this is buffered. */
  fetchPosition = 0;
  logStart = 0;
  logEnd = 0;
  paused = true;
  /** Whether a commit may say that it is ours. */
  signed = false;
  /** Why no more of its records are started, though it is ours. */
  stoppedBecause: string | null = null;
  /** When its next record is due, 0 when that may be handled now. In milliseconds since 1970. */
  waitsUntilMs = 0;
  bufferedRecords = 0;
  bufferedBytes = 0;
  /** When the first record in its line was written. Null when there is none. */
  firstBufferedMs: number | null = null;
  /** Goes up with each change that a commit would tell; `committedVersion` is the last that one told. */
  version = 0;
  committedVersion = 0;
  readonly #timestamps = new Map<number, number>();
  readonly #abort = new AbortController();
  readonly #handlers = new Set<AbortController>();
  readonly #onSettled = new Set<() => void>();
  #running = 0;

  constructor({ topic, partition }: TopicPartition) {
    this.topic = topic;
    this.partition = partition;
    this.id = partitionId({ topic, partition });
  }

  /** Fires when the partition is lost, or the consumer has to stop. */
  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  get running(): number {
    return this.#running;
  }

  /** When the oldest record that was taken up and is not done was written. Null when there is none. */
  get oldestOpenMs(): number | null {
    return this.#timestamps.get(this.tracker.watermark) ?? null;
  }

  /** When the oldest record that was read and is not done was written. Null when there is none. */
  get oldestPendingMs(): number | null {
    return this.oldestOpenMs ?? this.firstBufferedMs;
  }

  /** Offsets of the log from the oldest that is not done to the end. */
  get lag(): number {
    return Math.max(0, this.logEnd - this.tracker.watermark);
  }

  startWith(tracker: OffsetTracker, { logStart, logEnd }: LogBounds): void {
    this.tracker = tracker;
    this.fetchPosition = tracker.next;
    this.logStart = logStart;
    this.logEnd = logEnd;
  }

  /** Characters that an offset map may come to need, whatever of what was taken up ends first. */
  get longestMap(): number {
    return longestOffsetMap(this.tracker.span, this.tracker.openCount);
  }

  /** Whether one more record may be taken up so that, whatever ends first, the offset map still fits. */
  hasRoomFor(offset: number, maxMapLength: number): boolean {
    if (this.tracker.openCount === 0) return true;
    const span = Math.max(this.tracker.span, offset + 1 - this.tracker.watermark);
    return longestOffsetMap(span, this.tracker.openCount + 1) <= maxMapLength;
  }

  open({ offset, timestampMs }: ConsumedRecord): void {
    this.tracker.open(offset);
    this.#timestamps.set(offset, timestampMs);
  }

  /**
   * A signal of one handler's own, which fires with the partition's until it is released. A signal compares each new
   * listener with all that it has: one for thousands of handlers would cost the square of their number.
   */
  handlerSignal(): { signal: AbortSignal; release: () => void } {
    const handler = new AbortController();
    if (this.signal.aborted) handler.abort(this.signal.reason);
    this.#handlers.add(handler);
    return { signal: handler.signal, release: () => this.#handlers.delete(handler) };
  }

  /** A handler begins. */
  begin(): void {
    this.#running += 1;
  }

  /** A handler has ended. */
  settle(): void {
    this.#running -= 1;
    if (this.#running > 0) return;
    for (const resolve of this.#onSettled) resolve();
    this.#onSettled.clear();
  }

  complete(offset: number): void {
    if (!this.tracker.complete(offset)) return;
    this.#timestamps.delete(offset);
    this.version += 1;
  }

  /** Once no handler runs. */
  settled(): Promise<void> {
    if (this.#running === 0) return Promise.resolve();
    return new Promise((resolve) => this.#onSettled.add(resolve));
  }

  abort(reason: string): void {
    const error = new PartitionAbortedError(reason);
    this.#abort.abort(error);
    for (const handler of this.#handlers) handler.abort(error);
  }
}

/** Why a handler's signal fired. A handler that rejects with anything after that is not retried. */
export class PartitionAbortedError extends Error {
  readonly code = 'PARTITION_ABORTED';
  override readonly name = 'PartitionAbortedError';
}

/** Where a partition begins, and what is to be said about it. */
interface StartPosition {
  tracker: OffsetTracker;
  /** `expired`: retention took records that were not done. `beyond-end`: the log is shorter than it was. */
  warning: 'expired' | 'beyond-end' | null;
}

/** From the group's commit: behind what is done. Without one, or with one of another log, from the log's start. */
export function startAtCommit(commit: Pick<Commit, 'offset' | 'metadata'> | null, bounds: LogBounds): StartPosition {
  if (commit === null) return { tracker: new OffsetTracker(bounds.logStart), warning: null };
  return startAt(commit.offset, decodeCommitMetadata(commit.metadata)?.runs ?? [], bounds);
}

/** From a checkpoint that is kept elsewhere; undefined when it has none of this partition. */
export function startAtCheckpoint(offset: number | undefined, bounds: LogBounds): StartPosition {
  return startAt(offset ?? bounds.logStart, [], bounds);
}

function startAt(offset: number, runs: readonly number[], { logStart, logEnd }: LogBounds): StartPosition {
  // The topic was recreated, so the known offsets do not apply: everything is read, which repeats and loses nothing.
  if (offset > logEnd) return { tracker: new OffsetTracker(logStart), warning: 'beyond-end' };
  const tracker = new OffsetTracker(offset, runs);
  if (tracker.watermark >= logStart) return { tracker, warning: null };
  tracker.skipTo(logStart);
  return { tracker, warning: 'expired' };
}
