import { checkpointsCollection, taskEventsCollection, tasksCollection } from './read-model.ts';

/**
 * The version of the documents' shape. A change of what is in a document, or of how it follows from the events, counts it
 * up: services of both versions then live side by side, each with a read model of its own.
 */
export const readModelVersion: number = 2;

/**
 * Which generation of the read model is the live one, in the collection named by `readModelCollection`. Each generation
 * is a full read model made from the log, in collections of its own, so that a new one is built beside the live one.
 */
export interface ReadModelDocument {
  /** `v<version>`. Not there: generation 1 is live. */
  _id: string;
  generation: number;
  /** The one that is being built; null: none. */
  building: number | null;
  /** When readers were sent to the live generation. Not there: never, so it may not have all of the log yet. */
  switched_at?: Date;
}

export const readModelCollection = 'read_model';

/** The versions before this one, ascending. */
export const earlierReadModelVersions: readonly number[] = Array.from(
  { length: readModelVersion - 1 },
  (_, index) => index + 1,
);

/** The id of the document with the live generation of a version. */
export function readModelIdOf(version: number): string {
  return `v${version}`;
}

/** As `readModelIdOf`, of this version. */
export const readModelId = readModelIdOf(readModelVersion);

export const firstGeneration = 1;

/** The names of a generation's collections. */
export interface ReadModelCollections {
  readonly tasks: string;
  readonly taskEvents: string;
  readonly checkpoints: string;
}

/** The first generation of version 1 has the plain names, the others have a suffix: `tasks_v1_g2`, `tasks_v2_g1`. */
export function collectionsOf(generation: number, version: number = readModelVersion): ReadModelCollections {
  const isPlain = version === 1 && generation === firstGeneration;
  const suffix = isPlain ? '' : `_v${version}_g${generation}`;
  return {
    tasks: `${tasksCollection}${suffix}`,
    taskEvents: `${taskEventsCollection}${suffix}`,
    checkpoints: `${checkpointsCollection}${suffix}`,
  };
}

/** @returns the generation of a version that a collection of tasks belongs to; undefined: of none */
export function generationOf(collection: string, version: number = readModelVersion): number | undefined {
  if (collection === collectionsOf(firstGeneration, version).tasks) return firstGeneration;
  const [, digits] = new RegExp(`^${tasksCollection}_v${version}_g([1-9]\\d{0,8})$`).exec(collection) ?? [];
  return digits === undefined ? undefined : Number(digits);
}

/** The name of the collection of a version's projection lag. */
export function projectionLagCollectionOf(version: number): string {
  return version === 1 ? 'projection_lag' : `projection_lag_v${version}`;
}

/** As `projectionLagCollectionOf`, of this version. */
export const projectionLagCollection = projectionLagCollectionOf(readModelVersion);

/** The consumer group of the projectors of a version: each version reads all events. */
export function projectorGroupOf(version: number): string {
  return version === 1 ? 'projector' : `projector-v${version}`;
}
