import { createLogEnds, type KafkaConnection, type Logger } from '@nask/kafka';
import { checkpointId, topicsReadBy } from '@nask/schemas';
import type { EventCodec } from '@nask/task-log';
import type { Db } from 'mongodb';
import type { Checkpoints } from '../positions/checkpoints.ts';
import type { PartitionProgress } from '../rebuild/progress.rules.ts';

/** What the commands of the projector share. */
export interface CommandContext {
  readonly connection: KafkaConnection;
  readonly codec: EventCodec;
  readonly db: Db;
  readonly topicPrefix: string;
  readonly retentionMs: number;
  readonly maxBatchEvents: number;
  readonly maxBatchBytes: number;
  readonly logger: Logger;
  /** Fires when the user interrupts the command. */
  readonly signal: AbortSignal;
  /** Prints a line of the command's result. */
  print(line: string): void;
  /** Prints a line that the next one replaces, on a terminal. */
  progress(line: string): void;
}

/** Why a command could not do its work, for people. */
export class CommandError extends Error {
  override readonly name = 'CommandError';
  readonly code = 'COMMAND_FAILED';
}

/** What the logs of all topics hold, and how far a read model is in them. */
export interface LogState {
  look(checkpoints: Checkpoints): Promise<(PartitionProgress & { topic: string; partition: number })[]>;
  stop(): Promise<void>;
}

export function openLogState(connection: KafkaConnection): LogState {
  const logEnds = createLogEnds(connection, { timeoutMs: 10_000 });
  return {
    async look(checkpoints) {
      const partitions = [];
      for (const topic of topicsReadBy('projector'))
        for (const [partition, ends] of await logEnds.endOffsets(topic)) partitions.push({ topic, partition, ...ends });
      const reached = await checkpoints.load(partitions);
      return partitions.map((partition) => {
        const id = checkpointId(partition.topic, partition.partition);
        return { ...partition, id, checkpoint: reached.get(id)?.nextOffset };
      });
    },
    stop: () => logEnds.stop(),
  };
}
