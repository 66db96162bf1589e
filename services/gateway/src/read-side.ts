import { setTimeout as sleep } from 'node:timers/promises';
import { partitionFor, type LogEnds } from '@nask/kafka';
import { checkpointId, type TaskDocument, type TaskEventDocument } from '@nask/schemas';
import type { Component } from '@nask/service';
import type { EventOperations } from './adapters/http/event-routes.ts';
import type { ReadOperations } from './adapters/http/read-routes.ts';
import type { StatsOperations } from './adapters/http/stats-routes.ts';
import { createRequestedLog } from './adapters/kafka/requested-log.ts';
import type { ReadStore } from './adapters/mongo/read-store.ts';
import { createCheckpointWatch } from './domain/checkpoint-watch.ts';
import { createCoalescer } from './domain/coalescer.ts';
import { UnavailableError } from './domain/errors.ts';
import { findTask } from './domain/find-task.ts';
import { followTask } from './domain/follow-task.ts';
import { keepAnswer } from './domain/kept-answer.ts';
import { statsOf } from './domain/task-stats.ts';
import { createTaskWatch } from './domain/task-watch.ts';

/** How many documents one query reads at most: a result can have 209 KB. */
const maxTasksPerQuery = 100;
/** How many tasks one look at what is watched has: longer lists are slow in some stores, and no faster in MongoDB. */
const maxTasksPerLook = 50;
/** How many times longer the pause between two looks is while no change is likely. */
const calmPauses = 5;

const statsWindowMs = 60_000;
const statsMinAgeMs = 5_000;
const statsCostFactor = 10;

/** All that is answered from the read model, and what waits for it. */
export interface ReadSide extends ReadOperations, EventOperations, StatsOperations {
  /** Its stop ends what waits, with a hint to ask again. */
  readonly waiting: Component;
}

/** @param pollIntervalMs how often the store is asked while somebody waits */
export function createReadSide(options: { store: ReadStore; logEnds: LogEnds; pollIntervalMs: number }): ReadSide {
  const { store, logEnds, pollIntervalMs } = options;
  const tasks = createCoalescer<number, TaskDocument>(store.tasks, maxTasksPerQuery);
  const histories = createCoalescer<number, TaskEventDocument[]>(store.histories, maxTasksPerLook);
  const checkpoints = createCheckpointWatch({ read: store.checkpoints, pause: () => sleep(pollIntervalMs) });
  const watch = createTaskWatch({
    read: store.states,
    pause: (isUrgent) => sleep(isUrgent ? pollIntervalMs : calmPauses * pollIntervalMs),
    maxKeys: maxTasksPerLook,
  });
  let partitionCount: number | undefined;
  const requestedLog = createRequestedLog(logEnds);
  const partitionOf = (id: number, partitionCount: number) => partitionFor(String(id), partitionCount);

  const finderPorts = {
    readTask: tasks.get,
    requestedLog,
    partitionOf,
    projected: (partition: number, offset: number, signal: AbortSignal) =>
      checkpoints.reached(checkpointId('tasks.requested', partition), offset, signal),
  };

  const history = async (id: number) => (await histories.get(id)) ?? [];
  const followPorts = {
    next: watch.next,
    history,
    async projected(id: number, topic: string, offset: number, signal: AbortSignal) {
      // It never changes: ids have their partitions by it.
      partitionCount ??= (await requestedLog()).size;
      const partition = partitionOf(id, partitionCount);
      await checkpoints.reached(checkpointId(topic, partition), offset, signal);
    },
    async projectedAll(id: number, topic: string, signal: AbortSignal) {
      const log = await logEnds.endOffsets(topic);
      const partition = partitionOf(id, log.size);
      const { logStart, logEnd } = log.get(partition)!;
      if (logEnd > logStart) await checkpoints.reached(checkpointId(topic, partition), logEnd, signal);
    },
  };

  return {
    find: (id, startBound) => findTask(finderPorts, id, startBound),
    list: store.page,
    awaiting: { next: watch.next, readTask: tasks.get },
    async reach(positions, signal) {
      const reached = positions.map(({ topic, partition, offset }) =>
        checkpoints.reached(checkpointId(topic, partition), offset + 1, signal),
      );
      await Promise.all(reached);
    },
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
