import { type AssignedPartition, type Logger, type LogReader, type SliceStart, type TopicPartition } from '@nask/kafka';
import { decodeOrSkip, type EventCodec, type EventOf } from '@nask/task-log';
import type { EventTopicName } from '@nask/schemas';
import { afterCrash, afterFailure, afterStart, firstAttempt, type NextAttempt } from '../tasks/next-attempt.rules.ts';
import type { TaskMemory } from './task-memory.ts';

/** Clocks of gateways and executors may differ by so much. */
const clockSkewMs = 60_000;
/** A second record of a task is recognised when the task was among so many that ended last in its partition. */
const recentlyEnded = 10_000;

/**
 * Reads back, before anything of a partition of `tasks.requested` runs, what the log says of its tasks: all since its
 * oldest open task was requested, in `tasks.completed`, `tasks.started`, `tasks.attempt-failed` and
 * `tasks.cancellation-requested`, and the last 10,000 completions. One fetch (1 MiB) is in memory at a time, and of each
 * open task that has begun a few numbers. Of the tasks of a partition of `tasks.deferred`, which have not begun, it reads
 * what has ended since the oldest record was written, and what was cancelled.
 *
 * A task that was deferred is older than its record. Therefore cancellations are read from so much earlier as a task may
 * be deferred: a cancellation is known when its task is due, or comes back, whichever process took it.
 *
 * A group without a commit (its offsets have expired) begins at the log's start: then that is all that the log has.
 */
export class PartitionRecovery {
  readonly #reader: LogReader;
  readonly #codec: EventCodec;
  readonly #memory: TaskMemory;
  readonly #maxDeferredMs: number;
  readonly #logger: Logger;
  /** Partitions whose owner died: `assigned` has that once, in the first call. */
  readonly #abandoned = new Set<number>();

  /** @param options.maxDeferredMs how long a task may be deferred */
  constructor(options: {
    reader: LogReader;
    codec: EventCodec;
    memory: TaskMemory;
    maxDeferredMs: number;
    logger: Logger;
  }) {
    this.#reader = options.reader;
    this.#codec = options.codec;
    this.#memory = options.memory;
    this.#maxDeferredMs = options.maxDeferredMs;
    this.#logger = options.logger;
  }

  /** @throws LogReadError, RegistryUnreachableError: it has to be tried again */
  async assigned(partitions: readonly AssignedPartition[]): Promise<void> {
    for (const partition of partitions) {
      if (partition.topic === 'tasks.requested') await this.#recover(partition);
      if (partition.topic === 'tasks.deferred') await this.#recoverDeferred(partition);
    }
  }

  revoked(partitions: readonly TopicPartition[]): void {
    for (const { topic, partition } of partitions) {
      if (topic !== 'tasks.requested') continue;
      this.#memory.leave(partition);
      this.#abandoned.delete(partition);
    }
  }

  async #recover(assigned: AssignedPartition): Promise<void> {
    const { partition, logEnd } = assigned;
    if (assigned.abandoned) this.#abandoned.add(partition);
    const abandoned = this.#abandoned.has(partition);
    const since = await this.#oldestOpenMs(assigned);
    await this.#readEnded(partition, since);
    const open = since === null ? new Map<number, NextAttempt>() : await this.#readOpen(partition, since, abandoned);
    this.#memory.begin(partition, { open, mayHaveBegunBelow: abandoned ? logEnd : 0 });
    this.#logger.info(
      { partition, open: open.size, abandoned, since },
      'read back where the tasks of a partition stand',
    );
  }

  async #recoverDeferred(assigned: AssignedPartition): Promise<void> {
    const since = await this.#oldestOpenMs(assigned);
    if (since === null) return;
    await this.#readEnded(assigned.partition, since);
    await this.#readCancelled(assigned.partition, since);
    this.#logger.info(
      { partition: assigned.partition, since },
      'read back what became of the deferred tasks of a partition',
    );
  }

  /** When the oldest record was written that may not be done, ms since 1970; null when there is none. */
  async #oldestOpenMs({ topic, partition, committed, logStart, logEnd }: AssignedPartition): Promise<number | null> {
    // A commit beyond the end is another log's: this one is read from its start.
    const offset = committed === null || committed > logEnd ? logStart : committed;
    for await (const { timestampMs } of this.#reader.read({ topic, partition }, { offset })) return timestampMs;
    return null;
  }

  async #readEnded(partition: number, since: number | null): Promise<void> {
    const from = since === null ? { last: recentlyEnded } : { timestampMs: since - clockSkewMs, last: recentlyEnded };
    for await (const { key } of this.#reader.read({ topic: 'tasks.completed', partition }, from)) {
      const id = Number(key);
      if (Number.isSafeInteger(id) && id > 0) this.#memory.ended.add(id);
    }
  }

  async #readOpen(partition: number, since: number, abandoned: boolean): Promise<Map<number, NextAttempt>> {
    const { ended } = this.#memory;
    const from = { timestampMs: since - clockSkewMs };
    const open = new Map<number, NextAttempt>();
    for await (const event of this.#events('tasks.started', partition, from))
      if (!ended.has(event.task_id))
        open.set(event.task_id, afterStart(open.get(event.task_id) ?? firstAttempt, event));
    for await (const event of this.#events('tasks.attempt-failed', partition, from))
      if (!ended.has(event.task_id))
        open.set(event.task_id, afterFailure(open.get(event.task_id) ?? firstAttempt, event));
    await this.#readCancelled(partition, since);
    if (abandoned) for (const [id, next] of open) open.set(id, afterCrash(next));
    return open;
  }

  async #readCancelled(partition: number, since: number): Promise<void> {
    const from = { timestampMs: since - this.#maxDeferredMs - clockSkewMs };
    for await (const event of this.#events('tasks.cancellation-requested', partition, from))
      this.#memory.cancelled.add(event.task_id);
  }

  async *#events<T extends EventTopicName>(topic: T, partition: number, from: SliceStart): AsyncGenerator<EventOf<T>> {
    for await (const record of this.#reader.read({ topic, partition }, from)) {
      const event = await decodeOrSkip(this.#codec, topic, record, this.#logger);
      if (event !== undefined) yield event;
    }
  }
}
