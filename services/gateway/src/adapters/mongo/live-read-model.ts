import { setTimeout as sleep } from 'node:timers/promises';
import {
  collectionsOf,
  firstGeneration,
  readModelCollection,
  readModelId,
  type CheckpointDocument,
  type ReadModelDocument,
  type TaskDocument,
  type TaskEventDocument,
} from '@nask/schemas';
import type { Collection, Db } from 'mongodb';
import { createGenerationFollower } from '../../domain/generation-follower.ts';

/** The collections to read from now: those of one generation of the read model. */
export interface ReadModelNow {
  readonly tasks: Collection<TaskDocument>;
  readonly events: Collection<TaskEventDocument>;
}

/** The live read model, also when a new generation takes its place. */
export interface LiveReadModel {
  /** Where to read. Once that is known it is at hand; to find it out takes a read of the database. */
  now(): Promise<ReadModelNow>;
  /** The next offset to read of those of the checkpoints that are there, by id; see GenerationFollower. */
  checkpoints(ids: string[]): Promise<Map<string, number>>;
  close(): void;
}

/** How often it looks for a switch: readers have to be there within a second. */
const lookIntervalMs = 200;

/** @param bound makes the limit in time of one operation */
export function openLiveReadModel(db: Db, { bound }: { bound: () => { signal: AbortSignal } }): LiveReadModel {
  const pointers = db.collection<ReadModelDocument>(readModelCollection);
  const follower = createGenerationFollower({
    readLive: async () => (await pointers.findOne({ _id: readModelId }, bound()))?.generation ?? firstGeneration,
    async readCheckpoints(generation, ids) {
      const checkpoints = db.collection<CheckpointDocument>(collectionsOf(generation).checkpoints);
      const documents = await checkpoints.find(ids === undefined ? {} : { _id: { $in: ids } }, bound()).toArray();
      return new Map(documents.map(({ _id, next_offset }) => [_id, next_offset]));
    },
  });
  const closing = new AbortController();
  let following: Promise<void> | undefined;

  async function follow(): Promise<void> {
    while (!closing.signal.aborted) {
      await sleep(lookIntervalMs, undefined, { signal: closing.signal, ref: false }).catch(() => undefined);
      // While the database does not answer, the operations that need it say so.
      await follower.look().catch(() => undefined);
    }
  }

  return {
    async now() {
      following ??= follow();
      const collections = collectionsOf(await follower.current());
      return { tasks: db.collection(collections.tasks), events: db.collection(collections.taskEvents) };
    },
    checkpoints: (ids) => follower.checkpoints(ids),
    close: () => closing.abort(),
  };
}
