import type { TopicPartition } from '@nask/kafka';
import { checkpointId, type CheckpointDocument } from '@nask/schemas';
import type { Db } from 'mongodb';
import { durable, durablyRead } from '../read-model/store-connection.ts';
import type { ReachedPosition } from './resume.rules.ts';

/** How far the documents have come in a partition. */
export interface Checkpoint extends TopicPartition, ReachedPosition {}

/** The projector's positions in the log, kept with the documents: written after them, so never ahead of them. */
export interface Checkpoints {
  /** @returns checkpoint id (`<topic>/<partition>`) -> checkpoint; nothing of the partitions that have none */
  load(partitions: readonly TopicPartition[]): Promise<Map<string, ReachedPosition>>;
  /**
   * Moves checkpoints on, durably; creates them. One that is already further stays: no late writer moves it back. The
   * topic's id stays where none is given.
   */
  advance(checkpoints: readonly Checkpoint[]): Promise<void>;
}

export function createCheckpoints(db: Db, name: string): Checkpoints {
  const collection = db.collection<CheckpointDocument>(name);

  return {
    async load(partitions) {
      const ids = partitions.map(({ topic, partition }) => checkpointId(topic, partition));
      const stored = await collection.find({ _id: { $in: ids } }, durablyRead).toArray();
      return new Map(
        stored.map(({ _id, next_offset, topic_id }) => [_id, { nextOffset: next_offset, topicId: topic_id }]),
      );
    },

    async advance(checkpoints) {
      if (checkpoints.length === 0) return;
      const upserts = checkpoints.map(({ topic, partition, nextOffset, topicId }) => ({
        updateOne: {
          filter: { _id: checkpointId(topic, partition) },
          update: {
            $max: { next_offset: nextOffset },
            ...(topicId === undefined ? {} : { $set: { topic_id: topicId } }),
          },
          upsert: true,
        },
      }));
      await collection.bulkWrite(upserts, { ordered: false, ...durable });
    },
  };
}
