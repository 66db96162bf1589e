import {
  UndecodableError,
  type AssignedPartition,
  type ConsumedRecord,
  type EventCodec,
  type EventOf,
  type Logger,
  type LogReader,
  type SliceStart,
  type TopicPartition,
} from '@nask/kafka';
import type { EventTopicName } from '@nask/schemas';
import { afterCrash, afterFailure, afterStart, newTask, type TaskHistory } from '../domain/task-history.ts';
import type { TaskMemory } from '../execution/task-memory.ts';

/** Clocks of gateways and executors may differ by so much. */
const clockSkewMs = 60_000;
/** A second record of a task is recognised when the task was among so many that ended last in its partition. */
const recentlyEnded = 10_000;

/**
 * Reads back, before anything of a partition of `tasks.requested` is run, what the log says of its tasks: all since its
 * oldest open task was requested, in `tasks.completed`, `tasks.started`, `tasks.attempt-failed` and
 * `tasks.cancellation-requested`, and the last 10,000 completions. One fetch (1 MiB) is in memory at a time, and of each
 * open task that has begun a few numbers.
 *
 * A group without a commit (its offsets have expired) begins at the log's start: then that is all that the log has.
 */
export class PartitionRecovery {
  readonly #reader: LogReader;
  readonly #codec: EventCodec;
  readonly #memory: TaskMemory;
  readonly #logger: Logger;
  /** Whose owner died: said once, the first time that we ask. */
  readonly #abandoned = new Set<number>();

  constructor(options: { reader: LogReader; codec: EventCodec; memory: TaskMemory; logger: Logger }) {
    this.#reader = options.reader;
    this.#codec = options.codec;
    this.#memory = options.memory;
    this.#logger = options.logger;
  }

  /** @throws LogReadError, RegistryUnreachableError: it has to be tried again */
  async assigned(partitions: readonly AssignedPartition[]): Promise<void> {
    for (const partition of partitions) if (partition.topic === 'tasks.requested') await this.#recover(partition);
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
    const open = since === null ? new Map<number, TaskHistory>() : await this.#readOpen(partition, since, abandoned);
    this.#memory.begin(partition, { open, mayHaveBegunBelow: abandoned ? logEnd : 0 });
    this.#logger.info(
      { partition, open: open.size, abandoned, since },
      'read back where the tasks of a partition stand',
    );
  }

  /** When the oldest task was requested that may not have ended, ms since 1970; null when there is none. */
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

  async #readOpen(partition: number, since: number, abandoned: boolean): Promise<Map<number, TaskHistory>> {
    const { ended, cancelled } = this.#memory;
    const from = { timestampMs: since - clockSkewMs };
    const open = new Map<number, TaskHistory>();
    for await (const event of this.#events('tasks.started', partition, from))
      if (!ended.has(event.task_id)) open.set(event.task_id, afterStart(open.get(event.task_id) ?? newTask, event));
    for await (const event of this.#events('tasks.attempt-failed', partition, from))
      if (!ended.has(event.task_id)) open.set(event.task_id, afterFailure(open.get(event.task_id) ?? newTask, event));
    for await (const event of this.#events('tasks.cancellation-requested', partition, from))
      cancelled.add(event.task_id);
    if (abandoned) for (const [id, history] of open) open.set(id, afterCrash(history));
    return open;
  }

  async *#events<T extends EventTopicName>(topic: T, partition: number, from: SliceStart): AsyncGenerator<EventOf<T>> {
    for await (const record of this.#reader.read({ topic, partition }, from)) {
      const event = await this.#decode(topic, record);
      if (event !== undefined) yield event;
    }
  }

  async #decode<T extends EventTopicName>(topic: T, record: ConsumedRecord): Promise<EventOf<T> | undefined> {
    try {
      return await this.#codec.decode(topic, record.value);
    } catch (error) {
      if (!(error instanceof UndecodableError)) throw error;
      this.#logger.warn({ err: error, topic, offset: record.offset }, 'a record that cannot be read says nothing');
      return undefined;
    }
  }
}
