import { setTimeout as sleep } from 'node:timers/promises';
import { partitionFor, type LogEnds } from '@nask/kafka';
import { checkpointId, type TaskDocument, type TaskEventDocument, type TopicName } from '@nask/schemas';
import { UnavailableError } from '../errors.ts';
import { followTask } from '../tasks/follow-task.ts';
import { keepAnswer, statsOf } from '../tasks/stats.ts';
import { withoutCopies } from '../tasks/task-history.rules.ts';
import { createChangeHints } from './change-hints.ts';
import { createCheckpointWatch } from './checkpoint-watch.ts';
import { createCoalescer } from './coalescer.ts';
import type { ReachPositions } from './consistency.ts';
import { createLogRanges, findTask, projectedAll, requestTopics, type FindTask } from './find-task.ts';
import type { ReadStore } from './read-store.ts';
import type { Positions } from './task-state.rules.ts';
import { createTaskWatch, type TaskWatch } from './task-watch.ts';

/** How many documents one query reads at most: a result can have 209 KB. */
const maxTasksPerQuery = 100;
/** How many tasks one look at what is watched has: longer lists are slow in some stores, and no faster in MongoDB. */
const maxTasksPerLook = 50;
/** How often tasks that nothing was heard of are looked at, a few of them at a time: only in case that a hint was lost. */
const calmPauseMs = 1_000;
/** The pause between two looks at the checkpoints, or at what is watched, while somebody waits. */
const pollIntervalMs = 20;
const statsWindowMs = 60_000;
const statsMinAgeMs = 5_000;
const statsCostFactor = 10;

/**
 * Everything that is answered from the read model, and what waits for it: what the handlers of the routes call.
 * @param onWait called when somebody begins to wait for a task to change
 */
export function createReadSide(options: { store: ReadStore; logEnds: LogEnds; onWait: () => void }) {
  const { store, logEnds } = options;
  const tasks = createCoalescer<number, TaskDocument>(store.tasks, maxTasksPerQuery);
  const histories = createCoalescer<number, TaskEventDocument[]>(store.histories, maxTasksPerLook);
  const checkpointReads = paced(store.checkpoints, pollIntervalMs);
  const checkpoints = createCheckpointWatch({ read: checkpointReads.read, pause: checkpointReads.pause });
  const looks = paced(store.states, pollIntervalMs);
  const watch = createTaskWatch({
    read: looks.read,
    pause: (isCalm) => (isCalm ? sleep(calmPauseMs, undefined, { ref: false }) : looks.pause()),
    maxKeys: maxTasksPerLook,
  });
  const hints = createChangeHints({
    isWatched: watch.isWatched,
    projected: ({ topic, partition, offset }) =>
      checkpoints.reached(checkpointId(topic, partition), offset + 1, new AbortController().signal),
    hint: watch.hint,
  });
  const next: TaskWatch['next'] = (id, seen, signal) => {
    const change = watch.next(id, seen, signal);
    hints.watched(id);
    options.onWait();
    return change;
  };
  let partitionCount: number | undefined;
  const logRanges = createLogRanges(logEnds);
  const partitionOf = (id: number, partitionCount: number) => partitionFor(String(id), partitionCount);

  const finderPorts = {
    readTask: tasks.get,
    requestTopics,
    logRanges,
    partitionOf,
    projected: (topic: TopicName, partition: number, offset: number, signal: AbortSignal) =>
      checkpoints.reached(checkpointId(topic, partition), offset, signal),
  };

  const history = async (id: number) => withoutCopies((await histories.get(id)) ?? []);
  const followPorts = {
    next,
    history,
    async projected(id: number, topic: string, offset: number, signal: AbortSignal) {
      // It never changes: ids have their partitions by it.
      partitionCount ??= (await logRanges('tasks.requested')).size;
      const partition = partitionOf(id, partitionCount);
      await checkpoints.reached(checkpointId(topic, partition), offset, signal);
    },
    async projectedAll(id: number, topic: TopicName, signal: AbortSignal) {
      await projectedAll(finderPorts, topic, id, signal);
    },
  };

  const find: FindTask = (id, startBound) => findTask(finderPorts, id, startBound);
  const reach: ReachPositions = async (positions, signal) => {
    const reached = positions.map(({ topic, partition, offset }) =>
      checkpoints.reached(checkpointId(topic, partition), offset + 1, signal),
    );
    await Promise.all(reached);
  };

  return {
    find,
    reach,
    list: store.page,
    awaiting: { next, readTask: tasks.get },
    /** Whether anybody waits for a task to change: then `written` is of use. */
    isAwaited: watch.isInUse,
    /** To be called with each record that is written to the log. */
    written: hints.written,
    history,
    follow: (id: number, after: Positions, signal: AbortSignal) => followTask(followPorts, id, after, signal),
    stats: keepAnswer(
      async () => {
        const nowMs = Date.now();
        const [counts, lags] = await Promise.all([store.counts(nowMs - statsWindowMs), store.lags()]);
        return statsOf(counts, lags, { nowMs, windowMs: statsWindowMs });
      },
      { nowMs: Date.now, minAgeMs: statsMinAgeMs, costFactor: statsCostFactor },
    ),
    /** Its stop ends what waits, with a hint to ask again. */
    waiting: {
      name: 'waiting reads',
      async stop() {
        const stopping = new UnavailableError(
          'STOPPING',
          'The gateway is stopping. Whether the task exists is not known yet.',
        );
        watch.close(stopping);
        checkpoints.close(stopping);
      },
    },
  };
}

/** Least pause after a read, as a multiple of its duration: repeated reads take a bounded share of the store. */
const pausePerRead = 3;

/**
 * A read that is repeated for as long as somebody waits, and the pause between two of them.
 * @param minPauseMs the pause after a read that takes no time
 */
function paced<K, V>(
  read: (keys: K[]) => Promise<V>,
  minPauseMs: number,
): { read: (keys: K[]) => Promise<V>; pause: () => Promise<void> } {
  let lastMs = 0;
  return {
    async read(keys) {
      const startedAtMs = performance.now();
      try {
        return await read(keys);
      } finally {
        lastMs = performance.now() - startedAtMs;
      }
    },
    pause: () => sleep(Math.max(minPauseMs, pausePerRead * lastMs)),
  };
}
