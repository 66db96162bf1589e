import { checkpointsCollection, taskEventsCollection, tasksCollection } from './read-model.ts';

/**
 * The version of the documents' shape. Whoever changes what is in a document, or how it follows from the events, counts
 * it up: services of both versions then live side by side, each with a read model of its own.
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
  switched_at: Date;
}

export const readModelCollection = 'read_model';

/** The id of the document that says which generation of this version is live. */
export const readModelId = `v${readModelVersion}`;

export const firstGeneration = 1;

/** The names of a generation's collections. */
export interface ReadModelCollections {
  readonly tasks: string;
  readonly taskEvents: string;
  readonly checkpoints: string;
}

/** The first generation of the first version has the plain names, the others say which they are: `tasks_v1_g2`. */
export function collectionsOf(generation: number): ReadModelCollections {
  const isPlain = readModelVersion === 1 && generation === firstGeneration;
  const suffix = isPlain ? '' : `_v${readModelVersion}_g${generation}`;
  return {
    tasks: `${tasksCollection}${suffix}`,
    taskEvents: `${taskEventsCollection}${suffix}`,
    checkpoints: `${checkpointsCollection}${suffix}`,
  };
}

/** @returns the generation of this version that a collection of tasks belongs to; undefined: of none */
export function generationOf(collection: string): number | undefined {
  if (collection === collectionsOf(firstGeneration).tasks) return firstGeneration;
  const [, digits] = new RegExp(`^${tasksCollection}_v${readModelVersion}_g([1-9]\\d{0,8})$`).exec(collection) ?? [];
  return digits === undefined ? undefined : Number(digits);
}
