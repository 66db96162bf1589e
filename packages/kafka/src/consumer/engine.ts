import { createLimitedWarning, type Backoff } from '@nask/async';
import type { Logger } from '../logger.ts';
import type { ConsumedRecord, TopicPartition } from '../record.ts';
import { Assignments, type AssignmentsOptions } from './partitions/assignments.ts';
import { metadataOverhead } from './partitions/offset-map.ts';
import { Committer, type CommitOutcome } from './partitions/committer.ts';
import type {
  DeadLetterError,
  DeadLettersExhaustedError,
  Dispatcher,
  DispatcherHost,
  FatalConsumerError,
} from './dispatch/dispatcher.ts';
import { drain } from './drain.ts';
import { FlowControl, type BufferLimits } from './flow-control.ts';
import type { OwnedPartition } from './partitions/owned-partition.ts';
import type { FetchedBatch, GroupListener, Membership } from './group/group-client.ts';
import { RetentionWatch } from './retention-watch.ts';

/** Told what happens; what can be read off the engine is not repeated here. */
export interface EngineObserver {
  ended(record: ConsumedRecord, how: 'done' | 'dead-letter' | 'aborted'): void;
  retried(error: unknown): void;
  committed(outcome: CommitOutcome): void;
  rebalanced(): void;
}

export interface EngineOptions extends AssignmentsOptions {
  observer: EngineObserver;
  buffer: BufferLimits;
  commitIntervalMs: number;
  maxMetadataLength: number;
  retryBackoff: Backoff;
  createDispatcher: (host: DispatcherHost) => Dispatcher;
  publishDeadLetter: (record: ConsumedRecord, error: DeadLetterError) => Promise<void>;
  onFatal: (error: FatalConsumerError) => void;
}

/** A broker's own default: never more than that is sent once it refused more. */
const defaultMetadataLength = 4_096;

/**
 * The parallel consumer without Kafka and without a clock: intake, handling and commits of the partitions that are ours.
 * The package's README says what it promises.
 */
export class Engine implements GroupListener {
  readonly assignments: Assignments;
  readonly #options: EngineOptions;
  readonly #logger: Logger;
  readonly #dispatcher: Dispatcher;
  readonly #committer: Committer;
  readonly #flow: FlowControl;
  readonly #retention: RetentionWatch;
  #maxMetadataLength: number;
  #stopping = false;
  #fatal: FatalConsumerError | null = null;
  #lastProgressMs: number;
  #lastPollMs: number;

  constructor(options: EngineOptions) {
    const { client, scheduler, logger, buffer } = options;
    this.#options = options;
    this.#logger = logger;
    this.#maxMetadataLength = options.maxMetadataLength;
    this.#lastProgressMs = this.#lastPollMs = scheduler.nowMs();
    this.#flow = new FlowControl(client, buffer);
    this.#retention = new RetentionWatch(logger);
    this.#dispatcher = options.createDispatcher(this.#dispatcherHost());
    this.assignments = new Assignments(options, {
      maxMetadataLength: () => this.#maxMetadataLength,
      flowing: () => this.#start(),
      lost: (partition) => this.#dispatcher.drop(partition),
    });
    this.#committer = new Committer({
      client,
      scheduler,
      logger,
      intervalMs: options.commitIntervalMs,
      host: {
        membership: () => this.assignments.membership,
        partitions: () => this.assignments.partitions.filter(({ status }) => status === 'flowing'),
        commitOf: (partition) => this.assignments.commitOf(partition, this.#stopping && partition.running === 0),
        onOutcome: (outcome) => options.observer.committed(outcome),
        onMetadataTooLarge: () => this.#lowerMetadataLength(),
      },
    });
  }

  /** Running handlers by topic. */
  get inFlight(): Map<string, number> {
    return this.#dispatcher.inFlight();
  }

  /** Characters that an offset map may have. */
  get maxMapLength(): number {
    return this.#maxMetadataLength - metadataOverhead(this.#options.owner);
  }

  /** When something was last handed to a handler, or ended, or arrived where nothing waited. */
  get lastProgressMs(): number {
    return this.#lastProgressMs;
  }

  /** When the fetch loop was last seen to go round. */
  get lastPollMs(): number {
    return this.#lastPollMs;
  }

  get fatal(): FatalConsumerError | null {
    return this.#fatal;
  }

  assigned(membership: Membership, partitions: TopicPartition[]): void {
    this.#options.observer.rebalanced();
    this.polled();
    this.assignments.assigned(membership, partitions);
    const numbers = Map.groupBy(partitions, ({ topic }) => topic);
    const assigned = [...numbers].map(([topic, own]) => `${topic}/${own.map(({ partition }) => partition).join(',')}`);
    this.#logger.info({ generation: membership.generation, assigned }, 'joined the group');
    this.#committer.touch();
    this.#start();
  }

  disconnected(reason: string): void {
    if (this.assignments.membership === null) return;
    this.assignments.disconnected();
    this.#logger.warn({ reason }, 'out of the group; nothing new is started until it is joined again');
  }

  held(): { generation: number; partitions: TopicPartition[] } {
    return { generation: this.assignments.generation, partitions: this.assignments.partitions };
  }

  polled(): void {
    this.#lastPollMs = this.#options.scheduler.nowMs();
  }

  fetched(batch: FetchedBatch): boolean {
    const partition = this.assignments.get(batch);
    if (partition?.status !== 'flowing' || this.#stopping) return false;
    if (partition.bufferedRecords === 0) this.#progressed();
    if (batch.highWatermark < partition.fetchPosition) return this.#startOver(partition, batch);
    if (batch.fetchedOffset !== null && batch.fetchedOffset > partition.fetchPosition)
      this.#jumped(partition, batch.fetchedOffset);

    const { fetchPosition, tracker } = partition;
    const fresh = batch.records.filter(({ offset }) => offset >= fetchPosition && !tracker.isKnown(offset));
    partition.fetchPosition = Math.max(fetchPosition, batch.nextOffset);
    partition.logEnd = Math.max(batch.highWatermark, batch.nextOffset);
    this.#dispatcher.add(partition, fresh);
    this.#start();
    this.#passGap(partition);
    this.#flow.check(partition, this.assignments.countOf(partition.topic));
    return true;
  }

  /** Takes no more, waits for what runs, aborts what is left after `drainTimeoutMs`, commits, and leaves the group. */
  async stop(drainTimeoutMs: number): Promise<void> {
    this.#stopping = true;
    this.assignments.close();
    this.#options.client.pause(this.assignments.partitions);
    for (const partition of this.assignments.partitions) {
      this.#dispatcher.drop(partition);
      // What was read and not taken up is as good as not read.
      partition.fetchPosition = partition.tracker.next;
    }
    const { assignments } = this;
    await drain(drainTimeoutMs, { ...this.#options, assignments, committer: this.#committer });
    await this.#options.client.stop();
  }

  /** Asks where the logs begin and end: for the lag, and for open records that retention takes. */
  async refreshBounds(): Promise<void> {
    const flowing = this.assignments.partitions.filter(({ status }) => status === 'flowing');
    if (flowing.length === 0 || this.assignments.membership === null) return;
    for (const bounds of await this.#options.client.bounds(flowing)) {
      const partition = this.assignments.get(bounds);
      if (partition === undefined) continue;
      partition.logStart = bounds.logStart;
      partition.logEnd = Math.max(partition.logEnd, bounds.logEnd);
      this.#retention.look(partition, this.#options.scheduler.nowMs());
    }
  }

  #dispatcherHost(): DispatcherHost {
    const { scheduler, observer, retryBackoff, publishDeadLetter, onFatal } = this.#options;
    const maxMapLength = () => this.maxMapLength;
    const warnOfRetry = createLimitedWarning(this.#logger, 'a handler failed; it is tried again', {
      nowMs: () => scheduler.nowMs(),
    });
    return {
      scheduler,
      backoff: retryBackoff,
      publishDeadLetter,
      mayStart: (partition) => this.#mayStart(partition),
      admit(partition, record) {
        if (!partition.hasRoomFor(record.offset, maxMapLength())) return false;
        partition.open(record);
        return true;
      },
      onProgress: () => this.#progressed(),
      onRetry: ({ error, position: { topic, partition, offset } = {}, attempt, delayMs }) => {
        observer.retried(error);
        warnOfRetry({ err: error, topic, partition, offset, attempt, delayMs });
      },
      ended: (partition, record, how) => {
        observer.ended(record, how);
        this.#ended(partition);
      },
      stopPartition: (partition, error) => this.#stopPartition(partition, error),
      fatal: (error) => {
        this.#fatal ??= error;
        onFatal(error);
      },
    };
  }

  #mayStart({ status, stoppedBecause }: OwnedPartition): boolean {
    const isMember = this.assignments.membership !== null;
    return isMember && status === 'flowing' && stoppedBecause === null && !this.#stopping && this.#fatal === null;
  }

  #ended(partition: OwnedPartition): void {
    if (partition.status === 'flowing') {
      this.#passGap(partition);
      this.#committer.touch();
    }
    this.#start();
  }

  /** Starts what may start, and reads on where that made room. */
  #start(): void {
    this.#dispatcher.kick();
    this.#flow.relieve((topic) => this.assignments.countOf(topic));
  }

  /** With nothing buffered, all up to the next fetch is taken up: also offsets at the end that have no record. */
  #passGap(partition: OwnedPartition): void {
    if (partition.bufferedRecords > 0) return;
    const { watermark } = partition.tracker;
    partition.tracker.skipTo(partition.fetchPosition);
    if (partition.tracker.watermark > watermark) {
      partition.version += 1;
      this.#committer.touch();
    }
  }

  /** kafkajs went on at the log's start, because what it asked for is gone, and committed that without a map. */
  #jumped(partition: OwnedPartition, logStart: number): void {
    const { id, fetchPosition } = partition;
    this.#logger.error(
      { partition: id, fetchPosition, logStart },
      'retention took records that were not read; they are lost',
    );
    partition.version += 1;
    this.#committer.touch();
  }

  #startOver(partition: OwnedPartition, { highWatermark }: FetchedBatch): false {
    const { id, fetchPosition } = partition;
    this.#logger.error(
      { partition: id, fetchPosition, highWatermark },
      'the log ends before what was read: it is another one',
    );
    this.assignments.restart(partition);
    return false;
  }

  #stopPartition(partition: OwnedPartition, error: DeadLettersExhaustedError): void {
    if (partition.stoppedBecause !== null) return;
    partition.stoppedBecause = error.message;
    this.#logger.error({ err: error, partition: partition.id }, 'no more records of this partition are handled');
  }

  #lowerMetadataLength(): void {
    const lower = this.#maxMetadataLength > defaultMetadataLength ? defaultMetadataLength : this.#maxMetadataLength / 2;
    this.#logger.error(
      { maxMetadataLength: this.#maxMetadataLength, lower: Math.floor(lower) },
      "commits are refused: the broker's offset.metadata.max.bytes is less than was configured here",
    );
    this.#maxMetadataLength = Math.floor(lower);
  }

  #progressed(): void {
    this.#lastProgressMs = this.#options.scheduler.nowMs();
  }
}
