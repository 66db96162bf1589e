import type { Logger, TopicIds } from '@nask/kafka';
import {
  collectionsOf,
  readModelVersion,
  taskEventIndexes,
  taskEventTimeField,
  taskIndexes,
  taskTimeField,
  type ReadModelCollections,
  type ReadModelIndex,
} from '@nask/schemas';
import type { EventCodec } from '@nask/task-log';
import { MongoServerError, type Db } from 'mongodb';
import type { ProjectorMetrics } from '../metrics.ts';
import { createBatchHandler } from '../on-events.ts';
import { createCheckpoints, type Checkpoints } from '../positions/checkpoints.ts';
import { AnotherLogError, createPositions } from '../positions/positions.ts';
import type { LogBounds } from '../positions/resume.rules.ts';
import { createTopicWatch } from '../positions/topic-watch.ts';
import { createDocumentStore } from './document-store.ts';
import { createHistoryStore } from './history-store.ts';

/** The consumer group of the projectors: one for each version of the documents, which all read all events. */
export function projectorGroup(topicPrefix: string, version: number = readModelVersion): string {
  return version === 1 ? `${topicPrefix}projector` : `${topicPrefix}projector-v${version}`;
}

/** A generation of the read model, to be written: what a consumer of events needs to bring it to the log's end. */
export interface ReadModel {
  readonly checkpoints: Checkpoints;
  /** Projects a batch. Rejects with AnotherLogError once a topic is known to be another one. */
  readonly project: ReturnType<typeof createBatchHandler>;
  /** Where to begin in partitions, indexes made. */
  loadPositions(assigned: readonly LogBounds[]): Promise<Map<string, number>>;
  /** Checks that the topics were not created again since, for fault(). Rejects when Kafka does not answer. */
  recheckTopics(): Promise<void>;
  /** Why nothing can be projected; undefined: all is well. */
  fault(): string | undefined;
}

export function openReadModel(options: {
  db: Db;
  generation: number;
  retentionMs: number;
  codec: Pick<EventCodec, 'decode'>;
  topicIds: Pick<TopicIds, 'read'>;
  metrics: ProjectorMetrics;
  logger: Pick<Logger, 'warn' | 'error'>;
}): ReadModel {
  const { db, generation, retentionMs, codec, topicIds, metrics, logger } = options;
  const collections = collectionsOf(generation);
  const checkpoints = createCheckpoints(db, collections.checkpoints);
  const where = { database: db.databaseName, generation };
  const watch = createTopicWatch({ topicIds, where, logger });
  const positions = createPositions({ checkpoints, topicIds: watch, where, logger });
  const project = createBatchHandler({
    codec,
    documents: createDocumentStore(db, collections.tasks),
    history: createHistoryStore(db, collections.taskEvents),
    checkpoints,
    metrics,
    retentionMs,
  });
  return {
    checkpoints,
    async project(records, writeDeadLetter) {
      const fault = watch.fault();
      if (fault !== undefined) throw new AnotherLogError(fault);
      await project(records, writeDeadLetter);
    },
    async loadPositions(assigned) {
      await ensureIndexes(db, collections, retentionMs);
      return positions.load(assigned);
    },
    recheckTopics: () => watch.recheck(),
    fault: () => positions.fault() ?? watch.fault(),
  };
}

/**
 * Makes the indexes of a generation of the read model, those that are not there, and sets how long it keeps its tasks.
 * @param retentionMs after a task was accepted; a little later the database deletes it, and its history
 * @returns once they are made; rejects when the database does not answer
 */
export async function ensureIndexes(db: Db, collections: ReadModelCollections, retentionMs: number): Promise<void> {
  await create(db, collections.tasks, taskIndexes);
  await create(db, collections.taskEvents, taskEventIndexes);
  await expire(db, collections.tasks, taskTimeField, retentionMs);
  await expire(db, collections.taskEvents, taskEventTimeField, retentionMs);
}

async function create(db: Db, collection: string, indexes: readonly ReadModelIndex[]): Promise<void> {
  const wanted = indexes.map(({ key, ...options }) => ({ key: { ...key }, ...options }));
  await db.collection(collection).createIndexes(wanted);
}

/** IndexOptionsConflict and IndexKeySpecsConflict: it is there, with another time. */
const conflicts: ReadonlySet<unknown> = new Set([85, 86]);

async function expire(db: Db, collection: string, field: string, retentionMs: number): Promise<void> {
  const expireAfterSeconds = Math.ceil(retentionMs / 1_000);
  try {
    await db.collection(collection).createIndex({ [field]: 1 }, { expireAfterSeconds });
  } catch (error) {
    if (!(error instanceof MongoServerError) || !conflicts.has(error.code)) throw error;
    await db.command({ collMod: collection, index: { keyPattern: { [field]: 1 }, expireAfterSeconds } });
  }
}
