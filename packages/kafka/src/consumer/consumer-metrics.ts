import { Counter, Gauge, type Registry } from 'prom-client';
import type { ConsumedRecord } from '../record.ts';
import type { CommitOutcome } from './partitions/committer.ts';
import type { Engine, EngineObserver } from './engine.ts';
import type { OwnedPartition } from './partitions/owned-partition.ts';

interface Source {
  engine: Engine;
  nowMs: () => number;
}
type Engines = Map<string, Source>;

/** One registry may hold several consumers: their metrics differ by the label `group`. */
const enginesOf = new WeakMap<Registry, Engines>();

/** The consumer's metrics, `kafka_consumer_*`, or none without a registry. */
export function observeConsumer(registry: Registry | undefined, group: string): EngineObserver {
  if (registry === undefined) return { ended() {}, retried() {}, committed() {}, rebalanced() {} };
  const records = counter(registry, 'kafka_consumer_records_total', 'Records that ended, by how', [
    'group',
    'topic',
    'outcome',
  ]);
  const failures = counter(
    registry,
    'kafka_consumer_failures_total',
    'Handler attempts that failed and were tried again',
    ['group'],
  );
  const commits = counter(
    registry,
    'kafka_consumer_commits_total',
    'Commits: ok, fenced (dropped, too late for its generation), failed',
    ['group', 'outcome'],
  );
  const rebalances = counter(registry, 'kafka_consumer_rebalances_total', 'Generations of the group that were joined', [
    'group',
  ]);
  return {
    ended: ({ topic }: ConsumedRecord, how) => records.inc({ group, topic, outcome: how }),
    retried: () => failures.inc({ group }),
    committed: (outcome: CommitOutcome) => commits.inc({ group, outcome }),
    rebalanced: () => rebalances.inc({ group }),
  };
}

/** Adds what is read off the engine at each scrape. */
export function exposeConsumer(registry: Registry, group: string, engine: Engine, nowMs: () => number): void {
  let engines = enginesOf.get(registry);
  if (engines === undefined) {
    engines = new Map();
    enginesOf.set(registry, engines);
    createGauges(registry, engines);
  }
  engines.set(group, { engine, nowMs });
}

function createGauges(registry: Registry, engines: Engines): void {
  const ofPartitions = (name: string, help: string, read: (partition: OwnedPartition, source: Source) => number) =>
    gauge(registry, name, help, ['group', 'topic', 'partition'], (set) => {
      for (const [group, source] of engines)
        for (const partition of source.engine.assignments.partitions)
          set({ group, topic: partition.topic, partition: partition.partition }, read(partition, source));
    });
  const ofGroups = (name: string, help: string, read: (engine: Engine) => number) =>
    gauge(registry, name, help, ['group'], (set) => {
      for (const [group, { engine }] of engines) set({ group }, read(engine));
    });
  const count = (engine: Engine, isCounted: (partition: OwnedPartition) => boolean) =>
    engine.assignments.partitions.filter(isCounted).length;
  const sum = (engine: Engine, read: (partition: OwnedPartition) => number) =>
    engine.assignments.partitions.reduce((total, partition) => total + read(partition), 0);

  ofPartitions(
    'kafka_consumer_lag_records',
    'Offsets of the log from the oldest that is not done to the end',
    ({ lag }) => lag,
  );
  ofPartitions(
    'kafka_consumer_untouched_records',
    'Offsets of the log that nobody has taken up yet: the lag without what is open or done beyond the oldest',
    ({ logEnd, tracker }) => Math.max(0, logEnd - tracker.next - tracker.doneAheadCount),
  );
  ofPartitions(
    'kafka_consumer_lag_seconds',
    'Age of the oldest record that was read and is not done',
    ({ oldestPendingMs }, { nowMs }) => (oldestPendingMs === null ? 0 : Math.max(0, nowMs() - oldestPendingMs) / 1000),
  );
  ofPartitions(
    'kafka_consumer_retention_distance_records',
    "Offsets between the log's start and the oldest record that is not done; below 0 retention took open records",
    ({ logStart, tracker }) => tracker.watermark - logStart,
  );
  ofPartitions(
    'kafka_consumer_offset_map_usage',
    'Characters that the offset map may come to need, as a share of those it may have; at 1 the intake waits',
    ({ longestMap }, { engine }) => longestMap / engine.maxMapLength,
  );
  ofGroups('kafka_consumer_buffered_records', 'Records read and not started', (engine) =>
    sum(engine, ({ bufferedRecords }) => bufferedRecords),
  );
  ofGroups('kafka_consumer_buffered_bytes', 'Bytes of the records read and not started, about', (engine) =>
    sum(engine, ({ bufferedBytes }) => bufferedBytes),
  );
  ofGroups('kafka_consumer_assigned_partitions', 'Partitions that are ours', (engine) => count(engine, () => true));
  ofGroups('kafka_consumer_paused_partitions', 'Partitions that are not fetched: their buffer is full', (engine) =>
    count(engine, ({ paused, status }) => paused && status === 'flowing'),
  );
  ofGroups(
    'kafka_consumer_stopped_partitions',
    'Partitions that are not handled: their dead letters are over the rate',
    (engine) => count(engine, ({ stoppedBecause }) => stoppedBecause !== null),
  );
  gauge(registry, 'kafka_consumer_in_flight', 'Records that a handler works on', ['group', 'topic'], (set) => {
    for (const [group, { engine }] of engines)
      for (const [topic, running] of engine.inFlight) set({ group, topic }, running);
  });
}

function gauge(
  registry: Registry,
  name: string,
  help: string,
  labelNames: string[],
  collect: (set: (labels: Record<string, string | number>, value: number) => void) => void,
): void {
  const made = new Gauge({
    name,
    help,
    labelNames,
    registers: [registry],
    collect() {
      made.reset();
      collect((labels, value) => made.set(labels, value));
    },
  });
}

function counter(registry: Registry, name: string, help: string, labelNames: string[]): Counter {
  const made = registry.getSingleMetric(name) as Counter | undefined;
  return made ?? new Counter({ name, help, labelNames, registers: [registry] });
}
