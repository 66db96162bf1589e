import { setTimeout as sleep } from 'node:timers/promises';
import type { Collection, Db } from 'mongodb';
import { partitionFor, type LogEnds } from '@nask/kafka';
import {
  checkpointId,
  collectionsOf,
  firstGeneration,
  readModelCollection,
  readModelId,
  topicsReadBy,
  type CheckpointDocument,
  type ReadModelDocument,
  type TaskDocument,
  type TaskEventDocument,
} from '@nask/schemas';
import { createGenerationFollower } from './generation-follower.ts';
import type { SeenRecord } from './task-state.rules.ts';

/** The collections to read from now: those of one generation of the read model. */
export interface ReadModelNow {
  readonly tasks: Collection<TaskDocument>;
  readonly events: Collection<TaskEventDocument>;
}

/** The live read model, also when a new generation takes its place. */
interface LiveReadModel {
  /** Where to read. Once that is known it is at hand; to find it out takes a read of the database. */
  now(): Promise<ReadModelNow>;
  /** Reads what clients are to see; see GenerationFollower. */
  read<T>(operation: (now: ReadModelNow) => Promise<T>, seen: (answer: T) => readonly SeenRecord[]): Promise<T>;
  /** The next offset to read of those of the checkpoints that are there, by id; see GenerationFollower. */
  checkpoints(ids: string[]): Promise<Map<string, number>>;
  close(): void;
}

/** How often it looks for a switch: readers have to be there within a second. */
const lookIntervalMs = 200;

/**
 * @param bound makes the limit in time of one operation
 * @param logEnds asked while another generation takes its place
 */
export function openLiveReadModel(
  db: Db,
  { bound, logEnds }: { bound: () => { signal: AbortSignal }; logEnds: Pick<LogEnds, 'endOffsets'> },
): LiveReadModel {
  const pointers = db.collection<ReadModelDocument>(readModelCollection);
  const follower = createGenerationFollower({
    readLive: async () => (await pointers.findOne({ _id: readModelId }, bound()))?.generation ?? firstGeneration,
    async readCheckpoints(generation, ids) {
      const checkpoints = db.collection<CheckpointDocument>(collectionsOf(generation).checkpoints);
      const documents = await checkpoints.find(ids === undefined ? {} : { _id: { $in: ids } }, bound()).toArray();
      return new Map(documents.map(({ _id, next_offset }) => [_id, next_offset]));
    },
    async readLogEnds() {
      const ends = new Map<string, number>();
      for (const topic of topicsReadBy('gateway')) {
        const partitions = await logEnds.endOffsets(topic);
        if (topic === 'tasks.requested') partitionCount = partitions.size;
        for (const [partition, { logEnd }] of partitions) ends.set(checkpointId(topic, partition), logEnd);
      }
      return ends;
    },
    checkpointOf: ({ taskId, topic }) => checkpointId(topic, partitionFor(String(taskId), partitionCount)),
  });
  // The topics of tasks have the same number of partitions, which never changes.
  let partitionCount = 1;
  const closing = new AbortController();
  let following: Promise<void> | undefined;

  async function follow(): Promise<void> {
    while (!closing.signal.aborted) {
      await sleep(lookIntervalMs, undefined, { signal: closing.signal, ref: false }).catch(() => undefined);
      // While the database does not answer, the operations that need it say so; without Kafka nothing new comes to read.
      await follower.look().catch(() => undefined);
    }
  }

  function collectionsFor(generation: number): ReadModelNow {
    const { tasks, taskEvents } = collectionsOf(generation);
    return { tasks: db.collection(tasks), events: db.collection(taskEvents) };
  }

  return {
    async now() {
      following ??= follow();
      return collectionsFor(await follower.current());
    },
    async read(operation, seen) {
      following ??= follow();
      return follower.read((generation) => operation(collectionsFor(generation)), seen);
    },
    checkpoints: (ids) => follower.checkpoints(ids),
    close: () => closing.abort(),
  };
}
