import { backoffMs } from '@nask/async';
import type { Logger } from '../../logger.ts';
import { sleep } from '../dispatch/dispatcher.ts';
import { decodeCommitMetadata } from './offset-map.ts';
import type { OwnedPartition } from './owned-partition.ts';
import {
  CommitFencedError,
  partitionId,
  type Commit,
  type GroupClient,
  type LogBounds,
  type Membership,
  type Scheduler,
} from '../group/group-client.ts';

/** What the group and the log know of a partition when it begins here. */
export interface KnownPosition {
  partition: OwnedPartition;
  /** Null when the group has none. */
  commit: Commit | null;
  bounds: LogBounds;
}

interface TakeOverOptions {
  client: GroupClient;
  scheduler: Scheduler;
  logger: Logger;
  /** How this consumer signs its commits. */
  owner: string;
  /** How long to wait for the previous owner to say that it has finished. */
  handOverTimeoutMs: number;
  /** False once another generation has begun, or the consumer stops. */
  isCurrent: () => boolean;
  /** Fires when the consumer stops. */
  closing: AbortSignal;
  /** Whether we still have work of the partition in hand from when it was ours before. */
  isBeingReleased: (partition: OwnedPartition) => boolean;
  /** Begins to handle these partitions. What it throws is retried. */
  begin: (positions: KnownPosition[]) => Promise<void>;
}

const pollMs = 50;
const backoff = { initialMs: 200, maxMs: 1_500 };

/**
 * Takes over partitions that were assigned: reads what was committed, and waits for the previous owner.
 *
 * Kafka moves a partition in one step: its previous owner can no longer commit in the old generation what ended while
 * the group was rebalancing, and its new owner would run that again. Therefore the previous owner, still a member,
 * lets its running handlers end (or abort), commits in the new generation, and marks the commit as released; the new
 * owner waits for that mark. It does not wait for an owner that has left the group, nor longer than the time-out.
 */
export async function takeOver(partitions: readonly OwnedPartition[], options: TakeOverOptions): Promise<void> {
  const { client, scheduler, logger, handOverTimeoutMs, isCurrent, closing, begin } = options;
  const deadlineMs = scheduler.nowMs() + handOverTimeoutMs;
  let waiting = [...partitions];
  let failures = 0;

  while (waiting.length > 0 && isCurrent()) {
    try {
      const found = await look(waiting, options);
      const late = scheduler.nowMs() >= deadlineMs;
      const free = found.filter(({ isHeld }) => late || !isHeld);
      if (!isCurrent()) return;
      if (free.length > 0) {
        const held = free.flatMap(({ partition, isHeld }) => (isHeld ? [partition.id] : []));
        if (held.length > 0)
          logger.warn({ held, handOverTimeoutMs }, 'not released in time; what runs there is repeated');
        await begin(await withBounds(free, client));
        waiting = waiting.filter((partition) => !free.some((begun) => begun.partition === partition));
      }
      failures = 0;
      if (waiting.length > 0) await sleep(scheduler, pollMs, closing);
    } catch (error) {
      if (error instanceof CommitFencedError) return;
      failures += 1;
      const delayMs = backoffMs(backoff, failures, scheduler.random());
      logger.warn({ err: error, failures, delayMs }, 'taking over partitions failed; trying again');
      await sleep(scheduler, delayMs, closing);
    }
  }
}

interface Found {
  partition: OwnedPartition;
  commit: Commit | null;
  /** Whether another consumer, or we ourselves from before, may still be working on it. */
  isHeld: boolean;
}

/**
 * The commits are read last: whoever has left or released by the time that it is asked about has committed before, and
 * that commit is seen.
 */
async function look(partitions: OwnedPartition[], options: TakeOverOptions): Promise<Found[]> {
  const { client, owner, isBeingReleased } = options;
  const releasing = new Set(partitions.filter(isBeingReleased));
  const members = await client.instances();
  const commits = new Map((await client.committed(partitions)).map((commit) => [partitionId(commit), commit]));
  return partitions.map((partition) => {
    const commit = commits.get(partition.id) ?? null;
    const signed = decodeCommitMetadata(commit?.metadata ?? null);
    const isOthers = signed !== null && !signed.released && signed.owner !== owner;
    const isHeld = isOthers && (members === null || members.has(signed.owner));
    return { partition, commit, isHeld: isHeld || releasing.has(partition) };
  });
}

async function withBounds(found: Found[], client: GroupClient): Promise<KnownPosition[]> {
  const asked = await client.bounds(found.map(({ partition }) => partition));
  const bounds = new Map(asked.map((bound) => [partitionId(bound), bound]));
  return found.map(({ partition, commit }) => {
    const bound = bounds.get(partition.id);
    if (bound === undefined) throw new Error(`no broker said where the log of ${partition.id} begins and ends`);
    return { partition, commit, bounds: bound };
  });
}

interface ReleaseOptions {
  client: GroupClient;
  scheduler: Scheduler;
  logger: Logger;
  /** How this consumer signs its commits. */
  owner: string;
  /** Null while not in the group. */
  membership: () => Membership | null;
  releaseOf: (partition: OwnedPartition) => Commit;
  /** After that the new owner may have begun: then a release would overwrite its commits. */
  timeoutMs: number;
}

const retryMs = 50;

/**
 * Hands a lost partition over (see `takeOver`): waits until its handlers have ended, then commits what is done and
 * that nothing runs any more. Given up after the time-out, or when there is no group to tell it to.
 */
export async function release(partition: OwnedPartition, options: ReleaseOptions): Promise<void> {
  const { scheduler, logger, timeoutMs } = options;
  const deadlineMs = scheduler.nowMs() + timeoutMs;
  const ended = new AbortController();
  void partition.settled().then(() => ended.abort());
  await sleep(scheduler, timeoutMs, ended.signal);

  for (let attempts = 1; scheduler.nowMs() < deadlineMs; attempts += 1) {
    try {
      if (attempts > 1 && !(await isStillSigned(partition, options))) return;
      if (await commitRelease(partition, options)) return;
      break;
    } catch (error) {
      // Fenced: another generation begins, and the release is committed in that one.
      if (!(error instanceof CommitFencedError))
        logger.warn({ err: error, partition: partition.id }, 'a release failed');
      await sleep(scheduler, retryMs);
    }
  }
  logger.warn({ partition: partition.id, running: partition.running }, 'a lost partition was not released in time');
}

async function commitRelease(partition: OwnedPartition, options: ReleaseOptions): Promise<boolean> {
  const membership = options.membership();
  if (membership === null) return false;
  await options.client.commit(membership, [options.releaseOf(partition)]);
  return true;
}

/** An attempt without an answer may have worked: then the new owner has begun, and must not be overwritten. */
async function isStillSigned(partition: OwnedPartition, { client, owner }: ReleaseOptions): Promise<boolean> {
  const [commit] = await client.committed([partition]);
  const signed = decodeCommitMetadata(commit?.metadata ?? null);
  return signed?.owner === owner && !signed.released;
}
