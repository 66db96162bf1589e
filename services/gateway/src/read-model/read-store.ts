import type { Collection, Db } from 'mongodb';
import type { LogEnds, Logger } from '@nask/kafka';
import {
  collectionsOf,
  earlierReadModelVersions,
  firstGeneration,
  projectionLagCollection,
  readModelCollection,
  readModelIdOf,
  readModelVersion,
  type ProjectionLagDocument,
  type ReadModelDocument,
  type TaskDocument,
  type TaskEventDocument,
} from '@nask/schemas';
import type { MongoConnection } from '@nask/service/mongo';
import { UnavailableError } from '../errors.ts';
import type { TaskCount } from '../tasks/stats.ts';
import type { TaskList } from '../tasks/task-list.rules.ts';
import { isVisible, type VisibleTaskDocument } from '../tasks/task-view.rules.ts';
import type { RedeliverySelection } from '../webhooks/redeliver-failed.ts';
import { openLiveReadModel, type ReadModelNow } from './live-read-model.ts';
import { readTaskPage, type TaskPage } from './task-pages.ts';
import {
  recordsInHistories,
  recordsInStates,
  recordsInTasks,
  visibleSlotTopics,
  stateOf,
  type SeenRecord,
  type StateDocument,
  type TaskState,
} from './task-state.rules.ts';

/** The read model as the gateway reads it: from the primary, every operation in bounded time. */
export interface ReadStore {
  /** Those of the tasks that have a document. */
  readonly tasks: (ids: number[]) => Promise<Map<number, TaskDocument>>;
  /** How those of the tasks stand that clients see. */
  readonly states: (ids: number[]) => Promise<Map<number, TaskState>>;
  /** The events of those of the tasks that have any, in no order. */
  readonly histories: (ids: number[]) => Promise<Map<number, TaskEventDocument[]>>;
  /** One page of tasks, results left out; it ends early where its bytes do. */
  readonly page: (list: TaskList) => Promise<TaskPage>;
  /** Counts all tasks; takes its time. */
  readonly counts: (sinceMs: number) => Promise<TaskCount[]>;
  readonly lags: () => Promise<ProjectionLagDocument[]>;
  /** So many of the tasks whose webhook is in that state and that ended in that time, ascending by id. */
  readonly failedNotifications: (selection: RedeliverySelection, limit: number) => Promise<VisibleTaskDocument[]>;
  /**
   * The highest id of any document, also of those that clients do not see, in the read model of this version and in those
   * of earlier ones: that of this version may not be built yet. 0 when there is none.
   */
  readonly highestTaskId: () => Promise<number>;
  /** The next offset to read of those of the checkpoints that are there, by id. */
  checkpoints(ids: string[]): Promise<Map<string, number>>;
  /** Whether it answered the last time it was asked. */
  isAnswering(): boolean;
  close(): Promise<void>;
}

/** How long counting may take: it reads every document. */
const countTimeoutMs = 30_000;

/**
 * @param connection closed with the store
 * @param timeoutMs the most that one operation takes, finding a server included
 * @param logEnds asked while another generation of the read model takes the place of the one that is read
 * @throws UnavailableError READ_MODEL_UNAVAILABLE from every operation that the store does not answer in time
 */
export function createReadStore(options: {
  connection: MongoConnection;
  database: string;
  timeoutMs: number;
  logEnds: Pick<LogEnds, 'endOffsets'>;
  logger: Logger;
}): ReadStore {
  const { connection, timeoutMs, logEnds, logger } = options;
  const db = connection.client.db(options.database);
  const bound = () => ({ signal: AbortSignal.timeout(timeoutMs) });
  const readModel = openLiveReadModel(db, { bound, logEnds });
  let isAway = false;

  async function answered<T>(operation: (now: ReadModelNow) => Promise<T>): Promise<T> {
    return watched(async () => operation(await readModel.now()));
  }

  /** What clients see: never older than what they saw before. */
  function shown<T>(operation: (now: ReadModelNow) => Promise<T>, seen: (answer: T) => readonly SeenRecord[]) {
    return watched(() => readModel.read(operation, seen));
  }

  async function watched<T>(read: () => Promise<T>): Promise<T> {
    try {
      const answer = await read();
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

  const lags = db.collection<ProjectionLagDocument>(projectionLagCollection);

  return {
    tasks: (ids) =>
      shown(
        async ({ tasks }) => {
          const documents = await tasks.find({ _id: { $in: ids } }, bound()).toArray();
          return new Map(documents.map((document) => [document._id, document]));
        },
        (found) => recordsInTasks(found.values()),
      ),

    states: (ids) => shown(({ tasks }) => readTaskStates(tasks, ids, bound()), recordsInStates),
    histories: (ids) =>
      shown(
        ({ events }) => readTaskHistories(events, ids, bound()),
        (found) => recordsInHistories(found.values()),
      ),
    page: (list) =>
      shown(
        ({ tasks }) => readTaskPage(tasks, list, bound()),
        ({ documents }) => recordsInTasks(documents),
      ),
    counts: (sinceMs) =>
      answered(({ tasks }) => countTasks(tasks, { sinceMs, signal: AbortSignal.timeout(countTimeoutMs) })),
    lags: () => answered(() => lags.find({}, bound()).toArray()),

    failedNotifications: ({ fromMs, toMs, state, afterId }, limit) =>
      answered(async ({ tasks }) => {
        const endedAt = { $gte: new Date(fromMs), $lt: new Date(toMs) };
        const documents = await tasks
          .find({
            'notified.state': state,
            _id: { $gt: afterId },
            'completed.completed_at': endedAt,
            $or: [{ 'requested.notify_url': { $type: 'string' } }, { 'scheduled.notify_url': { $type: 'string' } }],
          })
          .sort({ _id: 1 })
          .limit(limit)
          .toArray();
        return documents.filter(isVisible);
      }),

    highestTaskId: () => watched(() => readHighestTaskId(db, bound)),

    checkpoints: (ids) => answered(() => readModel.checkpoints(ids)),
    isAnswering: () => !isAway,

    async close() {
      readModel.close();
      await connection.close();
    },
  };
}

async function readHighestTaskId(db: Db, bound: () => { signal: AbortSignal }): Promise<number> {
  const pointers = db.collection<ReadModelDocument>(readModelCollection);
  const highest = await Promise.all(
    [...earlierReadModelVersions, readModelVersion].map(async (version) => {
      const pointer = await pointers.findOne({ _id: readModelIdOf(version) }, bound());
      const { tasks } = collectionsOf(pointer?.generation ?? firstGeneration, version);
      const options = { projection: { _id: 1 }, sort: { _id: -1 }, ...bound() } as const;
      return (await db.collection<TaskDocument>(tasks).findOne({}, options))?._id ?? 0;
    }),
  );
  return Math.max(...highest);
}

const projection = {
  status: 1,
  ...Object.fromEntries(Object.keys(visibleSlotTopics).map((slot) => [`${slot}.offset`, 1])),
};

/** How those of the tasks stand that clients see: in one query, which reads nothing of payloads and results. */
async function readTaskStates(
  tasks: Collection<TaskDocument>,
  ids: readonly number[],
  { signal }: { signal: AbortSignal },
): Promise<Map<number, TaskState>> {
  const documents = await tasks
    .find<StateDocument & { _id: number }>({ _id: { $in: [...ids] } }, { projection, signal })
    .toArray();
  const states = new Map<number, TaskState>();
  for (const document of documents) {
    const state = stateOf(document);
    if (state !== undefined) states.set(document._id, state);
  }
  return states;
}

/** Far more events of a task than the projector keeps: what one query may read is bounded all the same. */
const maxEventsPerTask = 2_000;

/** The events of those of the tasks that have any, in no order: in one query. */
async function readTaskHistories(
  events: Collection<TaskEventDocument>,
  ids: readonly number[],
  { signal }: { signal: AbortSignal },
): Promise<Map<number, TaskEventDocument[]>> {
  const documents = await events
    .find({ task_id: { $in: [...ids] } }, { signal })
    .limit(ids.length * maxEventsPerTask)
    .toArray();
  const histories = new Map<number, TaskEventDocument[]>();
  for (const document of documents) {
    const history = histories.get(document.task_id);
    if (history === undefined) histories.set(document.task_id, [document]);
    else history.push(document);
  }
  return histories;
}

/** Counts all tasks that clients see, in one pass over them. */
async function countTasks(
  tasks: Collection<TaskDocument>,
  { sinceMs, signal }: { sinceMs: number; signal: AbortSignal },
): Promise<TaskCount[]> {
  const isSince = (field: string) => ({ $sum: { $cond: [{ $gte: [field, new Date(sinceMs)] }, 1, 0] } });
  const groups = await tasks
    .aggregate<Omit<TaskCount, 'status' | 'type'> & { _id: Pick<TaskCount, 'status' | 'type'> }>(
      [
        { $match: { type: { $exists: true } } },
        {
          $group: {
            _id: { status: '$status', type: '$type' },
            count: { $sum: 1 },
            accepted: isSince('$created_at'),
            ended: isSince('$completed.completed_at'),
          },
        },
      ],
      { signal },
    )
    .toArray();
  return groups.map(({ _id, ...counts }) => ({ ..._id, ...counts }));
}
