import { setTimeout as sleep } from 'node:timers/promises';
import { partitionFor, type LogEnds } from '@nask/kafka';
import { checkpointId, type TaskDocument, type TaskEventDocument, type TopicName } from '@nask/schemas';
import type { Component } from '@nask/service';
import type { EventOperations } from '../tasks/task-events.ts';
import type { ReadOperations } from '../tasks/read-task.ts';
import type { StatsOperations } from '../tasks/stats-routes.ts';
import { createLogRanges } from './log-ranges.ts';
import { paced } from './paced-reads.ts';
import type { ReadStore } from './read-store.ts';
import { createChangeHints, type TaskRecord } from './change-hints.ts';
import { createCheckpointWatch } from './checkpoint-watch.ts';
import { createCoalescer } from './coalescer.ts';
import { UnavailableError } from '../errors.ts';
import { findTask } from './find-task.ts';
import { followTask } from '../tasks/follow-task.ts';
import { keepAnswer } from '../tasks/kept-answer.ts';
import { withoutCopies } from '../tasks/task-history.rules.ts';
import { statsOf } from '../tasks/stats.ts';
import { createTaskWatch, type TaskWatch } from './task-watch.ts';

/** How many documents one query reads at most: a result can have 209 KB. */
const maxTasksPerQuery = 100;
/** How many tasks one look at what is watched has: longer lists are slow in some stores, and no faster in MongoDB. */
const maxTasksPerLook = 50;
/** How often tasks that nothing was heard of are looked at, a few of them at a time: only in case that a hint was lost. */
const calmPauseMs = 1_000;
const statsWindowMs = 60_000;
const statsMinAgeMs = 5_000;
const statsCostFactor = 10;

/** All that is answered from the read model, and what waits for it. */
export interface ReadSide extends ReadOperations, EventOperations, StatsOperations {
  /** Whether anybody waits for a task to change: then `written` is of use. */
  isAwaited(): boolean;
  /** Something of a task was written to the log. */
  written(record: TaskRecord): void;
  /** Its stop ends what waits, with a hint to ask again. */
  readonly waiting: Component;
}

/**
 * @param pollIntervalMs how often the store is asked while somebody waits
 * @param onWait called when somebody begins to wait for a task to change
 */
export function createReadSide(options: {
  store: ReadStore;
  logEnds: LogEnds;
  pollIntervalMs: number;
  onWait: () => void;
}): ReadSide {
  const { store, logEnds, pollIntervalMs } = options;
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
    const news = watch.next(id, seen, signal);
    hints.watched(id);
    options.onWait();
    return news;
  };
  let partitionCount: number | undefined;
  const logRanges = createLogRanges(logEnds);
  const requestedLog = () => logRanges('tasks.requested');
  const partitionOf = (id: number, partitionCount: number) => partitionFor(String(id), partitionCount);

  const finderPorts = {
    readTask: tasks.get,
    requestedLog,
    partitionOf,
    projected: (partition: number, offset: number, signal: AbortSignal) =>
      checkpoints.reached(checkpointId('tasks.requested', partition), offset, signal),
  };

  const history = async (id: number) => withoutCopies((await histories.get(id)) ?? []);
  const followPorts = {
    next,
    history,
    async projected(id: number, topic: string, offset: number, signal: AbortSignal) {
      // It never changes: ids have their partitions by it.
      partitionCount ??= (await requestedLog()).size;
      const partition = partitionOf(id, partitionCount);
      await checkpoints.reached(checkpointId(topic, partition), offset, signal);
    },
    async projectedAll(id: number, topic: TopicName, signal: AbortSignal) {
      const log = await logRanges(topic);
      const partition = partitionOf(id, log.size);
      const { logStart, logEnd } = log.get(partition)!;
      if (logEnd > logStart) await checkpoints.reached(checkpointId(topic, partition), logEnd, signal);
    },
  };

  return {
    find: (id, startBound) => findTask(finderPorts, id, startBound),
    list: store.page,
    awaiting: { next, readTask: tasks.get },
    async reach(positions, signal) {
      const reached = positions.map(({ topic, partition, offset }) =>
        checkpoints.reached(checkpointId(topic, partition), offset + 1, signal),
      );
      await Promise.all(reached);
    },
    isAwaited: watch.isInUse,
    written: hints.written,
    history,
    follow: (id, told, signal) => followTask(followPorts, id, told, signal),
    stats: keepAnswer(
      async () => {
        const nowMs = Date.now();
        const [counts, lags] = await Promise.all([store.counts(nowMs - statsWindowMs), store.lags()]);
        return statsOf(counts, lags, { nowMs, windowMs: statsWindowMs });
      },
      { nowMs: Date.now, minAgeMs: statsMinAgeMs, costFactor: statsCostFactor },
    ),
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
