import type { Logger } from '../../logger.ts';
import { sleep } from '../dispatch/attempts.ts';
import { decodeCommitMetadata } from './commit-metadata.ts';
import type { OwnedPartition } from './owned-partition.ts';
import {
  CommitFencedError,
  type Commit,
  type GroupClient,
  type Membership,
  type Scheduler,
} from '../group/group-client.ts';

export interface ReleaseOptions {
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
 * Hands a lost partition over (see take-over.ts): waits until its handlers have ended, then commits what is done and
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
      // Fenced: yet another generation is beginning, and in that one we may say it.
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
