import type { Logger, LogBounds, TopicIds } from '@nask/kafka';
import { collectionsOf } from '@nask/schemas';
import type { EventCodec } from '@nask/task-log';
import type { Db } from 'mongodb';
import type { ProjectorMetrics } from '../metrics.ts';
import { createBatchHandler } from '../on-events.ts';
import { createCheckpoints, type Checkpoints } from '../positions/checkpoints.ts';
import { AnotherLogError, createPositions } from '../positions/positions.ts';
import { createTopicWatch } from '../positions/topic-watch.ts';
import { createDocumentStore } from './document-store.ts';
import { createHistoryStore } from './history-store.ts';
import { ensureIndexes } from './indexes.ts';

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
