import type { Clock } from '@nask/async';
import type { LogEnd } from '../../log/log-ends.ts';
import type { ConsumedRecord, Position, TopicPartition } from '../../record.ts';

/** A member's place in the group. Each rebalance begins a new generation; commits of an old one are refused. */
export interface Membership {
  memberId: string;
  generation: number;
}

/** What one fetch brought of one partition. */
export interface FetchedBatch extends TopicPartition {
  /** The offset that was asked for, or the log's start when that is gone. Null when it is not known. */
  fetchedOffset: number | null;
  records: ConsumedRecord[];
  /** Where to read on: past the records, and past what the log has no record for. */
  nextOffset: number;
  /** The log's end at that moment. */
  highWatermark: number;
}

export interface Commit extends Position {
  metadata: string;
}

/** Where a partition's log begins and ends. */
export interface LogBounds extends TopicPartition, LogEnd {}

/** What a group client tells. Called synchronously: what they call back takes effect before the next fetch. */
export interface GroupListener {
  /** A generation has begun, and these are ours in it. Nothing is fetched while this runs. */
  assigned(membership: Membership, partitions: TopicPartition[]): void;
  /** False when the batch was not taken: it is fetched again. */
  fetched(batch: FetchedBatch): boolean;
  /** The fetch loop went round, whether it brought something or not. */
  polled(): void;
  /** No longer in the group; the client comes back by itself. */
  disconnected(reason: string): void;
  /**
   * What we had in the last generation that we took part in, the longest owned first: the group lets us keep it where it
   * can.
   */
  held(): { generation: number; partitions: TopicPartition[] };
}

/** A consumer group as the engine sees it. */
export interface GroupClient {
  /** Begins to join, and does not wait for it. */
  start(listener: GroupListener): void;
  /** Leaves the group. */
  stop(): Promise<void>;
  seek(partition: TopicPartition, offset: number): void;
  pause(partitions: TopicPartition[]): void;
  resume(partitions: TopicPartition[]): void;
  /** One attempt. Throws CommitFencedError, MetadataTooLargeError, or what the network said: then it may have worked. */
  commit(membership: Membership, commits: Commit[]): Promise<void>;
  /** The group's commits; partitions without one are left out. */
  committed(partitions: TopicPartition[]): Promise<Commit[]>;
  bounds(partitions: TopicPartition[]): Promise<LogBounds[]>;
  /** The instances that are members now. Null while the group rebalances and nobody can say. */
  instances(): Promise<Set<string> | null>;
}

/** Injected time and randomness. */
export interface Scheduler extends Clock {
  /** A number in [0, 1). */
  random(): number;
}

/** The group has moved on: whatever this commit says, it is not ours to say any more. */
export class CommitFencedError extends Error {
  readonly code = 'COMMIT_FENCED';
  override readonly name = 'CommitFencedError';
}

/** The broker takes less metadata than was sent (`offset.metadata.max.bytes`). */
export class MetadataTooLargeError extends Error {
  readonly code = 'METADATA_TOO_LARGE';
  override readonly name = 'MetadataTooLargeError';
}

export function partitionId({ topic, partition }: TopicPartition): string {
  return `${topic}/${partition}`;
}
