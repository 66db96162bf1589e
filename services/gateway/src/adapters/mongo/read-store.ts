import { MongoClient, ReadPreference } from 'mongodb';
import type { Logger } from '@nask/kafka';
import { checkpointId, type TaskDocument } from '@nask/schemas';
import type { MongoCredentials } from '@nask/service';
import { UnavailableError } from '../../domain/errors.ts';
import type { Page } from '../../domain/page.ts';
import type { RedeliverySelection } from '../../domain/redelivery-selection.ts';
import { isVisible, type VisibleTaskDocument } from '../../domain/task-view.ts';
import { openLiveReadModel, type ReadModelNow } from './live-read-model.ts';

/** The read model as the gateway reads it: from the primary, every operation in bounded time. */
export interface ReadStore {
  /** Those of the tasks that have a document. */
  readonly tasks: (ids: number[]) => Promise<Map<number, TaskDocument>>;
  /** One page of tasks, ascending by id, results left out; it ends early where its bytes do. */
  readonly page: (page: Page) => Promise<{ documents: VisibleTaskDocument[]; hasMore: boolean }>;
  /** So many of the tasks whose webhook is in that state and that ended in that time, ascending by id. */
  readonly failedNotifications: (selection: RedeliverySelection, limit: number) => Promise<VisibleTaskDocument[]>;
  /** The highest id of any document, also of those that clients do not see; 0 when there is none. */
  readonly highestTaskId: () => Promise<number>;
  /** The next offset to read of those of the topic's partitions that have a checkpoint. */
  checkpoints(topic: string, partitions: number[]): Promise<Map<number, number>>;
  close(): Promise<void>;
}

/** A page ends early once its documents have this many bytes: a payload and a notify_url can be large. */
const maxPageBytes = 4_194_304;

/**
 * Connects when it is first asked, and again whenever it has to.
 * @param timeoutMs the most that one operation takes, finding a server included
 * @throws UnavailableError READ_MODEL_UNAVAILABLE from every operation that the store does not answer in time
 */
export function createReadStore(options: {
  url: string;
  credentials?: MongoCredentials;
  database: string;
  timeoutMs: number;
  logger: Logger;
}): ReadStore {
  const { timeoutMs, logger } = options;
  const client = new MongoClient(options.url, {
    ...options.credentials,
    appName: 'nask-gateway',
    readPreference: ReadPreference.primary,
    serverSelectionTimeoutMS: timeoutMs,
    connectTimeoutMS: timeoutMs,
  });
  const bound = () => ({ signal: AbortSignal.timeout(timeoutMs) });
  const readModel = openLiveReadModel(client.db(options.database), { bound });
  let isAway = false;

  async function answered<T>(operation: (now: ReadModelNow) => Promise<T>): Promise<T> {
    try {
      const answer = await operation(await readModel.now());
      if (isAway) logger.info('the store of the read model answers again');
      isAway = false;
      return answer;
    } catch (error) {
      if (!isAway) logger.warn({ err: error }, 'the store of the read model does not answer');
      isAway = true;
      throw new UnavailableError('READ_MODEL_UNAVAILABLE', 'The store of the read model does not answer.', {
        cause: error,
      });
    }
  }

  return {
    tasks: (ids) =>
      answered(async ({ tasks }) => {
        const documents = await tasks.find({ _id: { $in: ids } }, bound()).toArray();
        return new Map(documents.map((document) => [document._id, document]));
      }),

    page: ({ limit, afterId }) =>
      answered(async ({ tasks }) => {
        const cursor = tasks
          .find({ _id: { $gt: afterId }, requested: { $exists: true } }, bound())
          .project<TaskDocument>({ 'completed.result': 0 })
          .sort({ _id: 1 })
          .limit(limit + 1);
        const documents: VisibleTaskDocument[] = [];
        let bytes = 0;
        for await (const document of cursor) {
          if (documents.length === limit || bytes >= maxPageBytes) return { documents, hasMore: true };
          if (!isVisible(document)) continue;
          documents.push(document);
          bytes += document.requested.payload.length + (document.requested.notify_url?.length ?? 0);
        }
        return { documents, hasMore: false };
      }),

    failedNotifications: ({ fromMs, toMs, state, afterId }, limit) =>
      answered(async ({ tasks }) => {
        const endedAt = { $gte: new Date(fromMs), $lt: new Date(toMs) };
        const documents = await tasks
          .find({
            'notified.state': state,
            _id: { $gt: afterId },
            'completed.completed_at': endedAt,
            'requested.notify_url': { $type: 'string' },
          })
          .sort({ _id: 1 })
          .limit(limit)
          .toArray();
        return documents.filter(isVisible);
      }),

    highestTaskId: () =>
      answered(async ({ tasks }) => {
        const [highest] = await tasks
          .find({}, { projection: { _id: 1 }, ...bound() })
          .sort({ _id: -1 })
          .limit(1)
          .toArray();
        return highest?._id ?? 0;
      }),

    checkpoints: (topic, partitions) =>
      answered(async () => {
        const partitionOf = new Map(partitions.map((partition) => [checkpointId(topic, partition), partition]));
        const reached = await readModel.checkpoints([...partitionOf.keys()]);
        return new Map([...reached].map(([id, nextOffset]) => [partitionOf.get(id)!, nextOffset]));
      }),

    async close() {
      readModel.close();
      await client.close();
    },
  };
}
