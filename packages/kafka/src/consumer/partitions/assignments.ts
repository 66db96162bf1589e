import type { Logger } from '../../logger.ts';
import type { TopicPartition } from '../../record.ts';
import { decodeCommitMetadata, encodeCommitMetadata } from './offset-map.ts';
import { OwnedPartition, startAtCheckpoint, startAtCommit } from './owned-partition.ts';
import {
  partitionId,
  type Commit,
  type GroupClient,
  type LogBounds,
  type Membership,
  type Scheduler,
} from '../group/group-client.ts';
import { release, takeOver, type KnownPosition } from './hand-over.ts';

export interface AssignedPartition extends LogBounds {
  /** The group's commit, null where it had none. */
  committed: number | null;
  /**
   * Whether another consumer had it last and did not say that nothing of it runs there any more: it died, or it was
   * too slow to hand it over. What it had in hand may have begun.
   */
  abandoned: boolean;
}

export interface AssignmentsOptions {
  client: GroupClient;
  scheduler: Scheduler;
  logger: Logger;
  /** How this consumer signs its commits: unique for each start, of the characters A-Z a-z 0-9 _ -. */
  owner: string;
  handOverTimeoutMs: number;
  /**
   * Where to start each of the partitions, instead of at the group's commits. The commits are then for onlookers: they
   * carry no offset map, and partitions are handed over without waiting.
   */
  loadPositions?: (assigned: LogBounds[]) => Promise<ReadonlyMap<string, number>>;
  /** Awaited before the first record of these partitions is handled; called again when taking over has to be retried. */
  onAssigned?: (assigned: AssignedPartition[]) => Promise<void> | void;
  onRevoked?: (revoked: TopicPartition[]) => void;
}

interface AssignmentsHost {
  maxMetadataLength(): number;
  /** Records of it may be handled now. */
  flowing(partition: OwnedPartition): void;
  /** Nothing more of it may be handled. Its running handlers have been told. */
  lost(partition: OwnedPartition): void;
}

/** Which partitions are ours, from one generation of the group to the next. */
export class Assignments {
  readonly #options: AssignmentsOptions;
  readonly #host: AssignmentsHost;
  readonly #owned = new Map<string, OwnedPartition>();
  readonly #releasing = new Set<string>();
  readonly #releases = new Set<Promise<void>>();
  #counts = new Map<string, number>();
  #membership: Membership | null = null;
  #last: Membership | null = null;
  readonly #closing = new AbortController();

  constructor(options: AssignmentsOptions, host: AssignmentsHost) {
    this.#options = options;
    this.#host = host;
  }

  /** Null while not in the group. */
  get membership(): Membership | null {
    return this.#membership;
  }

  /** The last generation we took part in, also after it; -1 before the first. */
  get generation(): number {
    return this.#last?.generation ?? -1;
  }

  get partitions(): OwnedPartition[] {
    return [...this.#owned.values()];
  }

  get(partition: TopicPartition): OwnedPartition | undefined {
    return this.#owned.get(partitionId(partition));
  }

  /** How many partitions of a topic are ours. */
  countOf(topic: string): number {
    return this.#counts.get(topic) ?? 0;
  }

  /** Until nothing of a lost partition runs here any more, or waiting for it was given up. */
  async released(): Promise<void> {
    await Promise.all(this.#releases);
  }

  /** A generation begins. What runs on partitions that stay goes on. */
  assigned(membership: Membership, partitions: readonly TopicPartition[]): void {
    const nothingMissed =
      this.#membership?.memberId === membership.memberId && this.#membership.generation + 1 === membership.generation;
    this.#membership = this.#last = membership;

    this.#counts = new Map();
    for (const { topic } of partitions) this.#counts.set(topic, this.countOf(topic) + 1);
    const assigned = new Set(partitions.map(partitionId));
    const lost = this.partitions.filter(({ id }) => !assigned.has(id));
    // Whoever missed a generation does not know who had a partition since: it has nothing to hand over.
    this.#lose(lost, { handOver: nothingMissed });
    if (!nothingMissed) this.#doubt();

    const unsure: OwnedPartition[] = [];
    for (const assignment of partitions) {
      const partition = this.get(assignment) ?? this.#own(assignment);
      if (partition.status === 'flowing') this.#readOn(partition);
      else unsure.push(partition);
    }
    this.#options.client.pause(unsure);
    if (unsure.length > 0 && !this.#closing.signal.aborted) void this.#takeOver(unsure, membership);
  }

  disconnected(): void {
    this.#membership = null;
  }

  /** Begins anew with a partition whose log is not the one that was read so far. */
  restart(partition: OwnedPartition): void {
    const replacement = this.#replace(partition);
    this.#options.client.pause([replacement]);
    if (this.#membership !== null && !this.#closing.signal.aborted)
      void this.#takeOver([replacement], this.#membership);
  }

  /** No partition is taken over any more. */
  close(): void {
    this.#closing.abort();
  }

  /** @param released whether nothing of it runs here any more, so that another consumer may begin */
  commitOf({ topic, partition, tracker }: OwnedPartition, released: boolean): Commit {
    const { owner, loadPositions } = this.#options;
    const metadata = loadPositions
      ? ''
      : encodeCommitMetadata({ owner, released, runs: tracker.completedRuns() }, this.#host.maxMetadataLength());
    return { topic, partition, offset: tracker.watermark, metadata };
  }

  #own(assignment: TopicPartition): OwnedPartition {
    const partition = new OwnedPartition(assignment);
    this.#owned.set(partition.id, partition);
    return partition;
  }

  /** kafkajs begins each generation at the commits: what is read already would be read again. */
  #readOn(partition: OwnedPartition): void {
    this.#options.client.seek(partition, partition.fetchPosition);
    if (partition.paused) this.#options.client.pause([partition]);
    else this.#options.client.resume([partition]);
  }

  #lose(partitions: OwnedPartition[], { handOver }: { handOver: boolean }): void {
    for (const partition of partitions) {
      const isSigned = partition.status === 'flowing' || (partition.status === 'loading' && partition.signed);
      partition.status = 'lost';
      this.#owned.delete(partition.id);
      partition.abort('the partition was assigned to another consumer');
      this.#host.lost(partition);
      if (isSigned && handOver && !this.#options.loadPositions) this.#release(partition);
    }
    if (partitions.length > 0) this.#options.onRevoked?.(partitions);
  }

  #release(partition: OwnedPartition): void {
    const released = release(partition, {
      ...this.#options,
      membership: () => this.#membership,
      releaseOf: (partition) => this.commitOf(partition, true),
      // The new owner waits for all of it, and counts from about the same moment.
      timeoutMs: this.#options.handOverTimeoutMs * 0.8,
    }).finally(() => {
      this.#releasing.delete(partition.id);
      this.#releases.delete(released);
    });
    this.#releasing.add(partition.id);
    this.#releases.add(released);
  }

  /** A generation was missed. Another may have had these partitions meanwhile: whose commits are there tells it. */
  #doubt(): void {
    const flowing = this.partitions.filter(({ status }) => status === 'flowing');
    if (this.#options.loadPositions) return this.#lose(flowing, { handOver: false });
    for (const partition of flowing) partition.status = 'verifying';
  }

  async #takeOver(partitions: OwnedPartition[], membership: Membership): Promise<void> {
    const isCurrent = () => this.#membership === membership && !this.#closing.signal.aborted;
    await takeOver(partitions, {
      ...this.#options,
      isCurrent,
      closing: this.#closing.signal,
      isBeingReleased: ({ id }) => this.#releasing.has(id),
      begin: (positions) => this.#begin(positions, membership, isCurrent),
    });
  }

  async #begin(positions: KnownPosition[], membership: Membership, isCurrent: () => boolean): Promise<void> {
    const { client, onAssigned } = this.#options;
    if (!isCurrent()) return;
    const fresh: KnownPosition[] = [];
    for (const position of positions) {
      if (position.partition.status !== 'verifying') fresh.push(position);
      else if (this.#isStillOurs(position.commit)) this.#goOn(position.partition);
      else fresh.push({ ...position, partition: this.#replace(position.partition) });
    }
    if (fresh.length === 0) return;

    const checkpoint = await this.#options.loadPositions?.(fresh.map(({ bounds }) => bounds));
    if (!isCurrent()) return;
    for (const position of fresh) this.#setPosition(position, checkpoint);
    await onAssigned?.(fresh.map((position) => this.#describe(position)));
    if (!isCurrent()) return;
    // Signs for the partitions, so that a later owner knows whose release it has to wait for.
    for (const { partition } of fresh) partition.signed = true;
    await client.commit(
      membership,
      fresh.map(({ partition }) => this.commitOf(partition, false)),
    );
    if (!isCurrent()) return;
    for (const { partition } of fresh) this.#goOn(partition);
  }

  #describe({ commit, bounds }: KnownPosition): AssignedPartition {
    const signed = decodeCommitMetadata(commit?.metadata ?? null);
    const abandoned = signed !== null && !signed.released && signed.owner !== this.#options.owner;
    return { ...bounds, committed: commit?.offset ?? null, abandoned };
  }

  #setPosition({ partition, commit, bounds }: KnownPosition, checkpoint?: ReadonlyMap<string, number>): void {
    const { logger } = this.#options;
    const { tracker, warning } = checkpoint
      ? startAtCheckpoint(checkpoint.get(partition.id), bounds)
      : startAtCommit(commit, bounds);
    partition.startWith(tracker, bounds);
    const details = { committed: commit?.offset, start: tracker.watermark, ...bounds };
    if (warning === 'expired') logger.error(details, 'retention took records that were not done; they are lost');
    if (warning === 'beyond-end') logger.error(details, 'the log is shorter than it was; reading it from its start');
  }

  #isStillOurs(commit: Commit | null): boolean {
    return commit === null || decodeCommitMetadata(commit.metadata)?.owner === this.#options.owner;
  }

  #replace(partition: OwnedPartition): OwnedPartition {
    this.#lose([partition], { handOver: false });
    return this.#own(partition);
  }

  #goOn(partition: OwnedPartition): void {
    partition.status = 'flowing';
    this.#options.client.seek(partition, partition.fetchPosition);
    partition.paused = false;
    this.#options.client.resume([partition]);
    this.#host.flowing(partition);
  }
}
