import {
  collectionsOf,
  firstGeneration,
  generationOf,
  readModelCollection,
  readModelId,
  type ReadModelDocument,
} from '@nask/schemas';
import { MongoServerError, type Db, type Filter, type UpdateFilter } from 'mongodb';
import { duplicateKey, durable, durablyRead } from './store-connection.ts';

export interface GenerationState {
  generation: number;
  /** `old`: no reader uses it; it is kept until it is dropped. */
  role: 'live' | 'building' | 'old';
}

/** A generation may not be dropped: it is in use. */
export class GenerationInUseError extends Error {
  override readonly name = 'GenerationInUseError';
  readonly code = 'GENERATION_IN_USE';
}

/** The generations of the read model: which is live, which is being built, which are kept. */
export interface Generations {
  live(): Promise<number>;
  /** The one that is being built, or a new one that is from now on. */
  build(): Promise<number>;
  /** Makes a generation the live one, durably: readers follow within a second. */
  switchTo(generation: number): Promise<void>;
  /** Whether readers were ever sent to a generation of this version. */
  isSwitched(): Promise<boolean>;
  /** Sends readers to the first generation, unless they were sent to one before. */
  switchToFirst(): Promise<void>;
  list(): Promise<GenerationState[]>;
  /** Deletes a generation for good. @throws GenerationInUseError unless it is old, or given up while being built */
  drop(generation: number): Promise<void>;
}

export function createGenerations(db: Db): Generations {
  const pointers = db.collection<ReadModelDocument>(readModelCollection);
  const read = () => pointers.findOne({ _id: readModelId }, durablyRead);

  async function existing(): Promise<number[]> {
    const collections = await db.listCollections({}, { nameOnly: true }).toArray();
    return collections.flatMap(({ name }) => generationOf(name) ?? []);
  }

  async function live(): Promise<number> {
    return (await read())?.generation ?? firstGeneration;
  }

  /** Updates the pointer where it matches, or inserts it where there is none: of several at once, one does. */
  async function updatePointer(
    matching: Filter<ReadModelDocument>,
    update: UpdateFilter<ReadModelDocument>,
  ): Promise<void> {
    try {
      await pointers.updateOne({ _id: readModelId, ...matching }, update, { upsert: true, ...durable });
    } catch (error) {
      // There is a pointer, and it does not match.
      if (!(error instanceof MongoServerError) || error.code !== duplicateKey) throw error;
    }
  }

  /** Only one of those who try at once begins; the others join. */
  async function begin(): Promise<void> {
    const building = Math.max(await live(), ...(await existing())) + 1;
    await updatePointer({ building: null }, { $set: { building }, $setOnInsert: { generation: firstGeneration } });
  }

  return {
    live,
    async build() {
      let building = (await read())?.building;
      while (building === undefined || building === null) {
        await begin();
        building = (await read())?.building;
      }
      return building;
    },
    async switchTo(generation) {
      const switched = { generation, building: null, switched_at: new Date() };
      await pointers.updateOne({ _id: readModelId }, { $set: switched }, { upsert: true, ...durable });
    },
    isSwitched: async () => (await read())?.switched_at !== undefined,
    async switchToFirst() {
      const unlessSet = { generation: firstGeneration, building: null };
      await updatePointer(
        { switched_at: { $exists: false } },
        { $set: { switched_at: new Date() }, $setOnInsert: unlessSet },
      );
    },
    async list() {
      const pointer = await read();
      const current = pointer?.generation ?? firstGeneration;
      const all = new Set([current, ...(await existing())]);
      const roleOf = (generation: number) => {
        if (generation === current) return 'live';
        return generation === pointer?.building ? 'building' : 'old';
      };
      return [...all].toSorted((a, b) => a - b).map((generation) => ({ generation, role: roleOf(generation) }));
    },
    async drop(generation) {
      if (generation === (await live())) throw new GenerationInUseError(`generation ${generation} is the live one`);
      await pointers.updateOne({ _id: readModelId, building: generation }, { $set: { building: null } }, durable);
      for (const name of Object.values(collectionsOf(generation))) await db.collection(name).drop();
    },
  };
}
