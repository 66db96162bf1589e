import type { ExistingTopic, TopicSpec } from '@nask/kafka';
import { retentionMs, type Topic } from '@nask/schemas';

/** What an installation chooses about its topics. */
export interface TopicSettings {
  /** Of each topic keyed by task id. */
  partitions: number;
  replicationFactor: number;
  /** How many replicas must have a record before it is acknowledged. Default: one less than there are, at least 1. */
  minInsyncReplicas?: number;
  /** How long the read model keeps its documents, in days; topics keep their records longer. */
  documentRetentionDays: number;
}

/** A segment is deleted as a whole, when its last record is old enough: a day's segments keep records a day too long. */
const segmentMs = 86_400_000;

/**
 * Settings of a topic of which only the newest record of a key counts. Kafka compacts a partition when half of it was
 * written since the last time, and never the segment that is written to: a partition is at most twice its newest records
 * and a segment.
 */
const compacted = {
  'min.cleanable.dirty.ratio': '0.5',
  'segment.bytes': String(16 * 1024 * 1024),
};

/**
 * More of them where each key stays until a tombstone removes it. A tombstone is kept for a day after compaction, so that a
 * reader that knows the key learns of it. A week after a record was superseded it is compacted, however few are written:
 * what was deleted does not stay.
 */
const keptByKey = {
  ...compacted,
  'delete.retention.ms': String(86_400_000),
  'max.compaction.lag.ms': String(7 * 86_400_000),
};

/** How Kafka removes records of a topic: `delete` those past retention, `compact` those that are not the newest of their key. */
export function cleanupPolicies({ isCompacted, retention }: Topic): ('compact' | 'delete')[] {
  if (isCompacted !== true) return ['delete'];
  return retention === 'for-ever' ? ['compact'] : ['compact', 'delete'];
}

/** A topic as the contract has it. @param name the cluster's, with the prefix */
export function wantedTopic(name: string, topic: Topic, settings: TopicSettings): TopicSpec {
  const { partitions, replicationFactor, documentRetentionDays } = settings;
  const minInsyncReplicas = settings.minInsyncReplicas ?? Math.max(1, replicationFactor - 1);
  return {
    name,
    partitions: topic.partitions === 'by-setting' ? partitions : topic.partitions,
    replicationFactor,
    config: {
      'cleanup.policy': cleanupPolicies(topic).join(),
      ...compactionOf(topic),
      'retention.ms': String(retentionMs(topic, documentRetentionDays)),
      'retention.bytes': '-1',
      'segment.ms': String(segmentMs),
      'min.insync.replicas': String(minInsyncReplicas),
      'unclean.leader.election.enable': 'false',
    },
  };
}

function compactionOf({ isCompacted, retention }: Topic): Record<string, string> {
  if (isCompacted !== true) return {};
  return retention === 'for-ever' ? keptByKey : compacted;
}

/** What is to be done about one topic. */
export interface TopicStep {
  wanted: TopicSpec;
  exists: boolean;
  /** More partitions, for a topic that never had a record. */
  growsFrom?: number;
  /** Settings that differ. */
  configChanges: { setting: string; from: string | undefined; to: string }[];
  /** What differs and is left as it is. */
  warnings: string[];
}

export interface TopicPlan {
  steps: TopicStep[];
  /** Why nothing may be done. Empty: all of the steps may. */
  refusals: string[];
}

/** Compares what should be with what is. Decides all, does nothing. */
export function planTopics(
  wanted: readonly TopicSpec[],
  existing: ReadonlyMap<string, ExistingTopic>,
  {
    keyedByTask,
    leaseTopic,
  }: {
    /** Topics whose key is a task id. */
    keyedByTask: ReadonlySet<string>;
    /** The topic whose offsets name task ids. */
    leaseTopic: string;
  },
): TopicPlan {
  const refusals = wanted.some(tooFewReplicas) ? ['min.insync.replicas is more than the replication factor'] : [];

  const topicWithTasks = [...keyedByTask].find((name) => existing.get(name)?.hadRecords);
  if (topicWithTasks !== undefined && wanted.some(({ name }) => name === leaseTopic) && !existing.has(leaseTopic))
    refusals.push(
      `${leaseTopic} is missing while ${topicWithTasks} has had records: its offsets name blocks of task ids, and a new one would begin at 0 and give the same ids again`,
    );

  const steps = wanted.map((topic) => {
    const found = existing.get(topic.name);
    if (found === undefined) return { wanted: topic, exists: false, configChanges: [], warnings: [] };
    const refusal = refusalOfPartitions(topic, found);
    if (refusal !== undefined) refusals.push(refusal);
    return {
      wanted: topic,
      exists: true,
      growsFrom: topic.partitions > found.partitions ? found.partitions : undefined,
      configChanges: configChanges(topic, found),
      warnings: warningsOf(topic, found),
    };
  });
  return { steps, refusals };
}

function tooFewReplicas({ config, replicationFactor }: TopicSpec): boolean {
  return Number(config['min.insync.replicas']) > replicationFactor;
}

function refusalOfPartitions({ name, partitions }: TopicSpec, found: ExistingTopic): string | undefined {
  if (partitions === found.partitions) return undefined;
  const change = `${name} has ${found.partitions} partitions, not ${partitions}`;
  if (found.hadRecords) return `${change}, and has had records: a change would move keys to other partitions`;
  if (partitions < found.partitions)
    return `${change}: partitions cannot be taken away; it is empty, delete it and apply again`;
  return undefined;
}

function configChanges({ config }: TopicSpec, found: ExistingTopic): TopicStep['configChanges'] {
  return Object.entries(config)
    .map(([setting, to]) => ({ setting, from: found.config[setting], to }))
    .filter(({ from, to }) => from !== to);
}

function warningsOf({ replicationFactor }: TopicSpec, found: ExistingTopic): string[] {
  if (replicationFactor === found.replicationFactor) return [];
  return [
    `has ${found.replicationFactor} replicas, not ${replicationFactor}: move them with kafka-reassign-partitions`,
  ];
}
