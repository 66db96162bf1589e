import { checkpointId } from '@nask/schemas';
import type { Logger } from '@nask/kafka';
import type { Checkpoint, Checkpoints } from './adapters/checkpoints.ts';
import { resumption, type AssignedPartition } from './domain/resume.ts';

/** A checkpoint is beyond the end of its log: the read model was made from another log. */
export class CheckpointBeyondLogError extends Error {
  override readonly name = 'CheckpointBeyondLogError';
  readonly code = 'CHECKPOINT_BEYOND_LOG';
}

export interface PositionsOptions {
  checkpoints: Checkpoints;
  /** Where the read model is, for the messages: database and generation. */
  where: Readonly<Record<string, unknown>>;
  logger: Pick<Logger, 'warn' | 'error'>;
}

/** Where the projector begins in each partition. */
export interface Positions {
  /**
   * Where to go on in the partitions that were assigned: at the checkpoints that are kept with the documents, not at the
   * group's commits. Afterwards each of them has a checkpoint, not before the log's start, also with an empty log:
   * the gateway takes a checkpoint at the log's end as "nothing is missing".
   *
   * Rejects with CheckpointBeyondLogError, and goes on doing so until the checkpoint in question was removed, even when
   * the new log has grown past it meanwhile.
   * @returns checkpoint id -> offset of the first record to read
   */
  load(assigned: readonly AssignedPartition[]): Promise<Map<string, number>>;
  /** Why nothing can be projected, as of the last load; undefined: all is well. */
  fault(): string | undefined;
}

export function createPositions({ checkpoints, where, logger }: PositionsOptions): Positions {
  const refused = new Map<string, number>();
  let fault: string | undefined;

  function refuse(id: string, checkpoint: number, logEnd: number): void {
    fault = `the checkpoint of ${id} (${checkpoint}) is beyond the end of its log`;
    if (refused.get(id) === checkpoint) return;
    refused.set(id, checkpoint);
    logger.error(
      { partition: id, checkpoint, logEnd, ...where },
      `the checkpoint is beyond the log's end: the topic was recreated, or lost records, so the read model is not this log's. ` +
        `Nothing is projected. To build it anew from the log, npm run projector -- rebuild`,
    );
  }

  return {
    async load(assigned) {
      const stored = await checkpoints.load(assigned);
      const begun: Checkpoint[] = [];
      fault = undefined;
      for (const partition of assigned) {
        const id = checkpointId(partition.topic, partition.partition);
        const checkpoint = stored.get(id);
        const resumed = resumption(partition, checkpoint);
        if (resumed.kind === 'beyond-log-end' || (checkpoint !== undefined && refused.get(id) === checkpoint)) {
          refuse(id, checkpoint!, partition.logEnd);
          continue;
        }
        refused.delete(id);
        if (resumed.kind === 'missed')
          logger.warn(
            { partition: id, checkpoint, logStart: partition.logStart, records: resumed.records },
            'retention removed records before they were projected: their tasks are incomplete or missing',
          );
        begun.push({ ...partition, nextOffset: resumed.from });
      }
      if (fault !== undefined) throw new CheckpointBeyondLogError(fault);

      await checkpoints.advance(
        begun.filter(({ topic, partition, nextOffset }) => stored.get(checkpointId(topic, partition)) !== nextOffset),
      );
      return new Map(begun.map(({ topic, partition, nextOffset }) => [checkpointId(topic, partition), nextOffset]));
    },
    fault: () => fault,
  };
}
