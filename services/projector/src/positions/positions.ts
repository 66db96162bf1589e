import type { Logger, LogBounds, TopicIds, TopicPartition } from '@nask/kafka';
import { checkpointId } from '@nask/schemas';
import type { Checkpoint, Checkpoints } from './checkpoints.ts';
import { resumption, type ReachedPosition, type Resumption } from './resume.rules.ts';

/** A checkpoint is not of the log that is there now: the read model was made from another one. */
export class AnotherLogError extends Error {
  override readonly name = 'AnotherLogError';
  readonly code = 'ANOTHER_LOG';
}

/** Where the projector begins in each partition. */
interface Positions {
  /**
   * Where to go on in the partitions that were assigned: at the checkpoints that are kept with the documents, not at the
   * group's commits. Afterwards each of them has a checkpoint, not before the log's start, also with an empty log:
   * the gateway takes a checkpoint at the log's end as "nothing is missing". Each says of which topic it is.
   *
   * Rejects with AnotherLogError, and goes on doing so until the checkpoint in question was removed, even when the new
   * log has grown past it meanwhile.
   * @returns checkpoint id -> offset of the first record to read
   */
  load(assigned: readonly LogBounds[]): Promise<Map<string, number>>;
  /** Why nothing can be projected, as of the last load; undefined: all is well. */
  fault(): string | undefined;
}

type Stored = ReachedPosition | undefined;

const reasons = {
  recreated: {
    fault: 'is of a topic that was deleted: the one of this name was created later',
    message: 'the checkpoint is of a topic that was deleted and created again, so the read model is not of this log',
  },
  'beyond-log-end': {
    fault: 'is beyond the end of its log',
    message:
      "the checkpoint is beyond the log's end: the topic was recreated, or lost records, so the read model is not of this log",
  },
} as const satisfies Record<Extract<Resumption, { kind: 'another-log' }>['why'], object>;

export function createPositions(options: {
  checkpoints: Checkpoints;
  topicIds: Pick<TopicIds, 'read'>;
  /** Where the read model is, for the messages: database and generation. */
  where: Readonly<Record<string, unknown>>;
  logger: Pick<Logger, 'warn' | 'error'>;
}): Positions {
  const { checkpoints, topicIds, where, logger } = options;
  const refused = new Map<string, { checkpoint: number; why: keyof typeof reasons }>();
  let fault: string | undefined;

  function refuse(id: string, checkpoint: number, why: keyof typeof reasons, details: object): void {
    fault = `the checkpoint of ${id} (${checkpoint}) ${reasons[why].fault}`;
    if (refused.get(id)?.checkpoint === checkpoint) return;
    refused.set(id, { checkpoint, why });
    logger.error(
      { partition: id, checkpoint, ...details, ...where },
      `${reasons[why].message}. Nothing is projected. To build it anew from the log: npm run projector -- rebuild`,
    );
  }

  /** @returns the checkpoint that it is to have from now on; undefined: it is another log's */
  function begin(partition: LogBounds, topicId: string | undefined, stored: Stored): Checkpoint | undefined {
    const id = checkpointId(partition.topic, partition.partition);
    const resumed = resumption(partition, topicId, stored);
    const before = stored === undefined ? undefined : refused.get(id);
    const isStill = before !== undefined && before.checkpoint === stored?.nextOffset;
    if (resumed.kind === 'another-log' || isStill) {
      const why = resumed.kind === 'another-log' ? resumed.why : before!.why;
      refuse(id, stored!.nextOffset, why, { logEnd: partition.logEnd, topicId, checkpointTopicId: stored?.topicId });
      return undefined;
    }
    refused.delete(id);
    if (resumed.kind === 'missed')
      logger.warn(
        { partition: id, checkpoint: stored?.nextOffset, logStart: partition.logStart, records: resumed.records },
        'retention removed records before they were projected: their tasks are incomplete or missing',
      );
    return { topic: partition.topic, partition: partition.partition, nextOffset: resumed.from, topicId };
  }

  return {
    async load(assigned) {
      const ids = await topicIds.read([...new Set(assigned.map(({ topic }) => topic))]);
      const stored = await checkpoints.load(assigned);
      const storedOf = ({ topic, partition }: TopicPartition) => stored.get(checkpointId(topic, partition));
      fault = undefined;
      const begun = assigned.flatMap(
        (partition) => begin(partition, ids.get(partition.topic), storedOf(partition)) ?? [],
      );
      if (fault !== undefined) throw new AnotherLogError(fault);

      await checkpoints.advance(begun.filter((checkpoint) => !isStored(checkpoint, storedOf(checkpoint))));
      return new Map(begun.map(({ topic, partition, nextOffset }) => [checkpointId(topic, partition), nextOffset]));
    },
    fault: () => fault,
  };
}

function isStored({ nextOffset, topicId }: Checkpoint, stored: Stored): boolean {
  return stored?.nextOffset === nextOffset && (topicId === undefined || stored.topicId === topicId);
}
