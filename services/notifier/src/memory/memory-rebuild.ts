import type { AssignedPartition, Logger, LogEnd, LogEnds, LogReader } from '@nask/kafka';
import type { NotificationAttempted } from '@nask/schemas';
import { decodeOrSkip, type EventCodec } from '@nask/task-log';
import type { DeliveryMemory } from './delivery-memory.ts';

/** A part of a partition's log: the records from one offset to before another. */
interface LogRange {
  readonly topic: 'tasks.completed' | 'notifications.attempted';
  readonly partition: number;
  readonly from: number;
  readonly to: number;
}

/** Rebuilds the memory of a partition number from the log before its first record is handled. */
export function createMemoryRebuild(options: {
  reader: LogReader;
  logEnds: Pick<LogEnds, 'endOffsets'>;
  codec: Pick<EventCodec, 'decode'>;
  memory: DeliveryMemory;
  /** Of each topic and partition. */
  maxRecords: number;
  logger: Logger;
}) {
  const { reader, logEnds, codec, memory, maxRecords, logger } = options;
  const rebuilt = new Set<number>();

  function remember({ task_id, completion_offset, round, attempt, state }: NotificationAttempted): void {
    memory.attempted({ taskKey: String(task_id), completionOffset: completion_offset, round, attempt }, state);
  }

  async function readBack({ topic, partition, from, to }: LogRange): Promise<void> {
    if (from >= to) return;
    for await (const record of reader.read({ topic, partition }, { offset: from })) {
      if (record.offset >= to) return;
      if (topic === 'tasks.completed') {
        if (record.key !== null) memory.seen(record.key, record.offset);
        continue;
      }
      const decoded = decodeOrSkip(codec, 'notifications.attempted', record, logger);
      const event = decoded instanceof Promise ? await decoded : decoded;
      if (event !== undefined) remember(event);
    }
  }

  return {
    /** Reads back what was sent of the tasks in partitions that are assigned. Rejects when Kafka does not answer. */
    async assigned(partitions: readonly AssignedPartition[]): Promise<void> {
      const completed = new Map(
        partitions.filter(({ topic }) => topic === 'tasks.completed').map((each) => [each.partition, each]),
      );
      const numbers = new Set(partitions.map(({ partition }) => partition));
      const wanted = [...numbers].filter((number) => completed.has(number) || !rebuilt.has(number));
      if (wanted.length === 0) return;
      const ends = await logEnds.endOffsets('notifications.attempted');
      const ranges = wanted.flatMap((partition) =>
        rangesToRead(partition, {
          completed: completed.get(partition),
          attempts: ends.get(partition) ?? { logStart: 0, logEnd: 0 },
          maxRecords,
        }),
      );
      for (const range of ranges) await readBack(range);
      for (const partition of wanted) rebuilt.add(partition);
      logger.info({ partitions: wanted, records: sizeOf(ranges), tasks: memory.size() }, 'remembered what was sent');
    },

    revoked(partitions: readonly { partition: number }[]): void {
      for (const { partition } of partitions) rebuilt.delete(partition);
    },
  };
}

/**
 * What of a partition number is read back:
 *
 * - `notifications.attempted`: its last `maxRecords` records. All of them when the group has no offset for
 *   `tasks.completed`, or one that the log does not have any more: then every completion is read again, and must not be
 *   sent again.
 * - `tasks.completed`: the `maxRecords` before the group's offset, of which only keys and offsets count.
 *
 * @param log.completed undefined when the partition of `tasks.completed` is not among those assigned
 */
export function rangesToRead(
  partition: number,
  log: {
    completed: Pick<AssignedPartition, 'logStart' | 'logEnd' | 'committed'> | undefined;
    attempts: LogEnd;
    maxRecords: number;
  },
): LogRange[] {
  const { completed, attempts, maxRecords } = log;
  const lastAttempts: LogRange = {
    topic: 'notifications.attempted',
    partition,
    from: Math.max(attempts.logStart, attempts.logEnd - maxRecords),
    to: attempts.logEnd,
  };
  if (completed === undefined) return [lastAttempts];
  const { logStart, logEnd, committed } = completed;
  if (committed === null || committed < logStart || committed > logEnd) {
    return [{ ...lastAttempts, from: attempts.logStart }];
  }
  const from = Math.max(logStart, committed - maxRecords);
  return [lastAttempts, { topic: 'tasks.completed', partition, from, to: committed }];
}

function sizeOf(ranges: readonly LogRange[]): number {
  return ranges.reduce((sum, { from, to }) => sum + Math.max(0, to - from), 0);
}
