import type { Logger, TopicIds } from '@nask/kafka';
import type { EventCodec } from '@nask/task-log';
import { collectionsOf, readModelVersion } from '@nask/schemas';
import type { Db } from 'mongodb';
import { createCheckpoints, type Checkpoints } from '../positions/checkpoints.ts';
import { ensureIndexes } from './indexes.ts';
import { createTaskHistory } from './history-store.ts';
import { createTaskStore } from './document-store.ts';
import type { AssignedPartition } from '../positions/resume.rules.ts';
import type { ProjectorMetrics } from '../metrics.ts';
import { AnotherLogError, createPositions } from '../positions/positions.ts';
import { createProjection } from '../on-events.ts';
import { createTopicWatch } from '../positions/topic-watch.ts';

/** The projectors of each version of the documents are a group: each version reads all events. */
export function projectorGroup(topicPrefix: string, version: number = readModelVersion): string {
  return version === 1 ? `${topicPrefix}projector` : `${topicPrefix}projector-v${version}`;
}

/** A generation of the read model, to be written: what a consumer of events needs to bring it to the log's end. */
export interface ReadModel {
  readonly checkpoints: Checkpoints;
  /** What is to be done with a batch. Rejects with AnotherLogError once a topic is known to be another one. */
  readonly project: ReturnType<typeof createProjection>;
  /** Where to begin in partitions, indexes made. */
  loadPositions(assigned: readonly AssignedPartition[]): Promise<Map<string, number>>;
  /** Whether the topics are those that it was begun with: fault() says so afterwards. Rejects when Kafka does not say. */
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
  const project = createProjection({
    codec,
    store: createTaskStore(db, collections.tasks),
    history: createTaskHistory(db, collections.taskEvents),
    checkpoints,
    metrics,
    retentionMs,
  });
  return {
    checkpoints,
    async project(records, bury) {
      const fault = watch.fault();
      if (fault !== undefined) throw new AnotherLogError(fault);
      await project(records, bury);
    },
    async loadPositions(assigned) {
      await ensureIndexes(db, collections, retentionMs);
      return positions.load(assigned);
    },
    recheckTopics: () => watch.recheck(),
    fault: () => positions.fault() ?? watch.fault(),
  };
}
