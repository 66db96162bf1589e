import { createLogEnds, type KafkaConnection } from '@nask/kafka';
import { checkpointId, topicsReadBy } from '@nask/schemas';
import type { Checkpoints } from '../positions/checkpoints.ts';
import type { PartitionProgress } from '../rebuild/progress.rules.ts';

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
