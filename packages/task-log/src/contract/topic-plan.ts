import type { WantedTopic } from './wanted-topic.ts';

/** A topic as the cluster has it. */
export interface ExistingTopic {
  partitions: number;
  replicationFactor: number;
  /** Whether it has ever had a record, deleted since or not. */
  hadRecords: boolean;
  /** Every setting and the value in force. */
  config: Readonly<Record<string, string>>;
}

/** What is to be done about one topic. */
export interface TopicStep {
  wanted: WantedTopic;
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

export interface PlanOptions {
  /** Topics whose key is a task id. */
  keyedByTask: ReadonlySet<string>;
  /** The topic whose offsets name task ids. */
  leaseTopic: string;
}

/** Compares what should be with what is. Decides all, does nothing. */
export function planTopics(
  wanted: readonly WantedTopic[],
  existing: ReadonlyMap<string, ExistingTopic>,
  { keyedByTask, leaseTopic }: PlanOptions,
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

function tooFewReplicas({ config, replicationFactor }: WantedTopic): boolean {
  return Number(config['min.insync.replicas']) > replicationFactor;
}

function refusalOfPartitions({ name, partitions }: WantedTopic, found: ExistingTopic): string | undefined {
  if (partitions === found.partitions) return undefined;
  const change = `${name} has ${found.partitions} partitions, not ${partitions}`;
  if (found.hadRecords) return `${change}, and has had records: a change would move keys to other partitions`;
  if (partitions < found.partitions)
    return `${change}: partitions cannot be taken away; it is empty, delete it and apply again`;
  return undefined;
}

function configChanges({ config }: WantedTopic, found: ExistingTopic): TopicStep['configChanges'] {
  return Object.entries(config)
    .map(([setting, to]) => ({ setting, from: found.config[setting], to }))
    .filter(({ from, to }) => from !== to);
}

function warningsOf({ replicationFactor }: WantedTopic, found: ExistingTopic): string[] {
  if (replicationFactor === found.replicationFactor) return [];
  return [
    `has ${found.replicationFactor} replicas, not ${replicationFactor}: move them with kafka-reassign-partitions`,
  ];
}
