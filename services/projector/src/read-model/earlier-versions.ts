import {
  collectionsOf,
  earlierReadModelVersions,
  generationOf,
  projectionLagCollectionOf,
  readModelCollection,
  readModelIdOf,
  type ReadModelDocument,
} from '@nask/schemas';
import type { Db } from 'mongodb';
import { durable } from './store-connection.ts';

/** What earlier versions of the read model have left in a store. */
interface EarlierVersions {
  /** The versions of which there is anything, ascending. */
  list(): Promise<number[]>;
  /** Deletes all of a version for good: its generations, its lag, and which one was live. */
  drop(version: number): Promise<void>;
}

export function createEarlierVersions(db: Db): EarlierVersions {
  const pointers = db.collection<ReadModelDocument>(readModelCollection);

  async function collectionNames(): Promise<string[]> {
    return (await db.listCollections({}, { nameOnly: true }).toArray()).map(({ name }) => name);
  }

  return {
    async list() {
      const names = await collectionNames();
      const pointed = new Set((await pointers.find().toArray()).map(({ _id }) => _id));
      return earlierReadModelVersions.filter(
        (version) =>
          pointed.has(readModelIdOf(version)) ||
          names.includes(projectionLagCollectionOf(version)) ||
          names.some((name) => generationOf(name, version) !== undefined),
      );
    },
    async drop(version) {
      const generations = (await collectionNames()).flatMap((name) => generationOf(name, version) ?? []);
      for (const generation of generations) {
        const { tasks, taskEvents, checkpoints } = collectionsOf(generation, version);
        // The tasks last: by them a drop that was interrupted finds the generation again.
        for (const name of [taskEvents, checkpoints, tasks]) await db.collection(name).drop();
      }
      await db.collection(projectionLagCollectionOf(version)).drop();
      await pointers.deleteOne({ _id: readModelIdOf(version) }, durable);
    },
  };
}
