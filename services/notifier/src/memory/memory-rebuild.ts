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

export interface MemoryRebuild {
  /** Reads back what was sent of the tasks in partitions that are assigned. Rejects when Kafka does not answer. */
  assigned(partitions: readonly AssignedPartition[]): Promise<void>;
  revoked(partitions: readonly { partition: number }[]): void;
}

/**
 * Rebuilds the memory of a partition number, before its first record is handled, from the log:
 *
 * - `notifications.attempted`: its last `maxRecords` records. All that there are when the group has no offset for
 *   `tasks.completed`, or one that the log does not have any more: then everything is about to be read again, and must
 *   not be sent again.
 * - `tasks.completed`: the `maxRecords` before the group's offset, of which only keys and offsets count.
 */
export function createMemoryRebuild(options: {
  reader: LogReader;
  logEnds: Pick<LogEnds, 'endOffsets'>;
  codec: Pick<EventCodec, 'decode'>;
  memory: DeliveryMemory;
  /** Of each topic and partition. */
  maxRecords: number;
  logger: Logger;
}): MemoryRebuild {
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

  function attemptsOf(partition: number, ends: LogEnd, all: boolean): LogRange {
    const from = all ? ends.logStart : Math.max(ends.logStart, ends.logEnd - maxRecords);
    return { topic: 'notifications.attempted', partition, from, to: ends.logEnd };
  }

  return {
    async assigned(partitions) {
      const completed = new Map(
        partitions.filter(({ topic }) => topic === 'tasks.completed').map((each) => [each.partition, each]),
      );
      const numbers = new Set(partitions.map(({ partition }) => partition));
      const wanted = [...numbers].filter((number) => completed.has(number) || !rebuilt.has(number));
      if (wanted.length === 0) return;
      const ends = await logEnds.endOffsets('notifications.attempted');
      const ranges = wanted.flatMap((partition): LogRange[] => {
        const ofCompleted = completed.get(partition);
        const attemptEnds = ends.get(partition) ?? { logStart: 0, logEnd: 0 };
        if (ofCompleted === undefined) return [attemptsOf(partition, attemptEnds, false)];
        const { logStart, logEnd, committed } = ofCompleted;
        if (committed === null || committed < logStart || committed > logEnd)
          return [attemptsOf(partition, attemptEnds, true)];
        const from = Math.max(logStart, committed - maxRecords);
        return [
          attemptsOf(partition, attemptEnds, false),
          { topic: 'tasks.completed', partition, from, to: committed },
        ];
      });
      for (const range of ranges) await readBack(range);
      for (const partition of wanted) rebuilt.add(partition);
      logger.info({ partitions: wanted, records: sizeOf(ranges), tasks: memory.size() }, 'remembered what was sent');
    },

    revoked(partitions) {
      for (const { partition } of partitions) rebuilt.delete(partition);
    },
  };
}

function sizeOf(ranges: readonly LogRange[]): number {
  return ranges.reduce((sum, { from, to }) => sum + Math.max(0, to - from), 0);
}
