import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import type { Outcome } from '@nask/schemas';
import type { Lanes } from '../lanes/lane.ts';

export interface TaskMetrics {
  started(type: string): void;
  /** @param durationMs from start to end; null: it never ran */
  completed(type: string, outcome: Outcome, durationMs: number | null): void;
  attemptFailed(type: string): void;
  deferred(): void;
  handedBack(type: string): void;
  skipped(): void;
}

/** From tiny computations to a day. */
const durationBucketsSeconds = [0.001, 0.005, 0.025, 0.1, 0.5, 1, 5, 30, 120, 600, 3_600, 21_600, 86_400];

/**
 * The executor's metrics. Task types are labels only where this executor knows them, so that there are few.
 * @param types names of the known task types
 */
export function createTaskMetrics(
  registry: Registry,
  types: { has(type: string): boolean },
  lanes: Lanes,
): TaskMetrics {
  const registers = [registry];
  const started = new Counter({
    name: 'executor_tasks_started_total',
    help: 'Tasks that began to run.',
    labelNames: ['type'],
    registers,
  });
  const completed = new Counter({
    name: 'executor_tasks_completed_total',
    help: 'Tasks that ended and whose outcome is in the log.',
    labelNames: ['type', 'outcome'],
    registers,
  });
  const attemptsFailed = new Counter({
    name: 'executor_attempts_failed_total',
    help: 'Attempts that failed and are followed by another.',
    labelNames: ['type'],
    registers,
  });
  const deferred = new Counter({
    name: 'executor_tasks_deferred_total',
    help: 'Times that a task was deferred, because this executor has no handler for its type. A task that waits for long is counted at each look.',
    registers,
  });
  const handedBack = new Counter({
    name: 'executor_tasks_handed_back_total',
    help: 'Tasks that were not ended here: this process stopped, or their partition went to another executor.',
    labelNames: ['type'],
    registers,
  });
  const skipped = new Counter({
    name: 'executor_requests_skipped_total',
    help: 'Records of tasks that had ended; they run nothing.',
    registers,
  });
  const duration = new Histogram({
    name: 'executor_task_duration_seconds',
    help: 'From the start of a task to its end.',
    labelNames: ['type'],
    buckets: durationBucketsSeconds,
    registers,
  });
  for (const [name, help, value] of [
    ['executor_tasks_running', 'Tasks that have begun and not ended.', 'entered'],
    ['executor_tasks_in_line', 'Tasks that wait for a place to run.', 'waiting'],
  ] as const) {
    // A gauge registers itself, and is asked when the registry is.
    const gauge: Gauge<'lane'> = new Gauge({
      name,
      help: `${help} By lane: inline, waiting, thread.`,
      labelNames: ['lane'],
      registers,
      collect: () => {
        for (const [name, lane] of Object.entries(lanes)) gauge.set({ lane: name }, lane.load()[value]);
      },
    });
  }

  const notStarted = new Gauge({
    name: 'executor_tasks_not_started',
    help: 'Tasks of the partitions of this process that nobody has begun: requests in the log that are not taken up, and what stands in line here. What more executors would help with.',
    registers,
    async collect() {
      const inLine = Object.values(lanes).reduce((sum, lane) => sum + lane.load().waiting, 0);
      notStarted.set(inLine + (await untouchedRequests(registry)));
    },
  });

  const labelOf = (type: string) => (types.has(type) ? type : 'unknown');
  return {
    started: (type) => started.inc({ type: labelOf(type) }),
    completed(type, outcome, durationMs) {
      completed.inc({ type: labelOf(type), outcome });
      if (durationMs !== null) duration.observe({ type: labelOf(type) }, durationMs / 1_000);
    },
    attemptFailed: (type) => attemptsFailed.inc({ type: labelOf(type) }),
    deferred: () => deferred.inc(),
    handedBack: (type) => handedBack.inc({ type: labelOf(type) }),
    skipped: () => skipped.inc(),
  };
}

/** The consumer knows it of each partition. */
async function untouchedRequests(registry: Registry): Promise<number> {
  const untouched = await registry.getSingleMetric('kafka_consumer_untouched_records')?.get();
  const ofRequests = (untouched?.values ?? []).filter(({ labels }) => labels['topic'] === 'tasks.requested');
  return ofRequests.reduce((sum, { value }) => sum + value, 0);
}
