import type { Logger } from '../../logger.ts';
import type { OwnedPartition } from './owned-partition.ts';
import {
  CommitFencedError,
  MetadataTooLargeError,
  type Commit,
  type GroupClient,
  type Membership,
  type Scheduler,
} from '../group/group-client.ts';

export type CommitOutcome = 'ok' | 'fenced' | 'failed';

interface CommitterHost {
  /** Null while not in the group. */
  membership(): Membership | null;
  /** The partitions that may be committed. */
  partitions(): Iterable<OwnedPartition>;
  commitOf(partition: OwnedPartition): Commit;
  onOutcome(outcome: CommitOutcome): void;
  onMetadataTooLarge(): void;
}

const maxPauseMs = 1_500;

/**
 * Commits what has changed, every `intervalMs` while something changes. Each commit is made afresh and attempted once,
 * in the generation it was made in: an old one is never sent again, so it can neither overwrite a newer one nor
 * follow into a generation where the partition is another's.
 */
export class Committer {
  readonly #client: GroupClient;
  readonly #scheduler: Scheduler;
  readonly #logger: Logger;
  readonly #intervalMs: number;
  readonly #host: CommitterHost;
  #cancel: (() => void) | null = null;
  #underWay: Promise<boolean> | null = null;
  #failures = 0;

  constructor(options: {
    client: GroupClient;
    scheduler: Scheduler;
    logger: Logger;
    intervalMs: number;
    host: CommitterHost;
  }) {
    this.#client = options.client;
    this.#scheduler = options.scheduler;
    this.#logger = options.logger;
    this.#intervalMs = options.intervalMs;
    this.#host = options.host;
  }

  /** Something changed. */
  touch(): void {
    if (this.#cancel !== null) return;
    const delayMs = Math.min(maxPauseMs, this.#intervalMs * 2 ** Math.min(this.#failures, 10));
    this.#cancel = this.#scheduler.after(Math.max(delayMs, this.#intervalMs), () => {
      this.#cancel = null;
      void this.flush();
    });
  }

  stop(): void {
    this.#cancel?.();
    this.#cancel = null;
  }

  /** Commits what has changed now. True when nothing is left to commit. */
  async flush(): Promise<boolean> {
    if (this.#underWay !== null) await this.#underWay;
    this.#underWay ??= this.#attempt().finally(() => {
      this.#underWay = null;
    });
    return this.#underWay;
  }

  async #attempt(): Promise<boolean> {
    const membership = this.#host.membership();
    const changed = [...this.#host.partitions()].filter(({ version, committedVersion }) => version > committedVersion);
    if (changed.length === 0) return true;
    if (membership === null) return false;

    const versions = changed.map(({ version }) => version);
    try {
      await this.#client.commit(
        membership,
        changed.map((partition) => this.#host.commitOf(partition)),
      );
    } catch (error) {
      this.#failed(error);
      return false;
    }
    this.#failures = 0;
    for (const [index, partition] of changed.entries()) partition.committedVersion = versions[index] as number;
    this.#host.onOutcome('ok');
    return changed.every(({ version, committedVersion }) => version === committedVersion);
  }

  #failed(error: unknown): void {
    this.#host.onOutcome(error instanceof CommitFencedError ? 'fenced' : 'failed');
    if (error instanceof MetadataTooLargeError) this.#host.onMetadataTooLarge();
    if (error instanceof CommitFencedError) {
      this.#logger.debug({ err: error }, 'a commit came too late for its generation and was dropped');
    } else {
      this.#failures += 1;
      this.#logger.warn(
        { err: error, failures: this.#failures },
        'a commit failed; the next one tells all of it again',
      );
    }
    this.touch();
  }
}
