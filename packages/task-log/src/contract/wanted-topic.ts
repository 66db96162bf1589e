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

/** A topic as the contract has it. */
export interface WantedTopic {
  /** The cluster's name, with the prefix. */
  name: string;
  partitions: number;
  replicationFactor: number;
  /** Kafka's topic settings. https://kafka.apache.org/documentation/#topicconfigs */
  config: Record<string, string>;
}

/** A segment is deleted as a whole, when its last record is old enough: a day's segments keep records a day too long. */
const segmentMs = 86_400_000;

/**
 * Settings of a topic of which only the newest record of a key counts. Kafka compacts a partition when half of it was
 * written since the last time, and never the segment that is written to: a partition is at most twice its newest records
 * and a segment.
 */
const compacted = {
  'cleanup.policy': 'compact,delete',
  'min.cleanable.dirty.ratio': '0.5',
  'segment.bytes': String(16 * 1024 * 1024),
};

export function wantedTopic(name: string, topic: Topic, settings: TopicSettings): WantedTopic {
  const { partitions, replicationFactor, documentRetentionDays } = settings;
  const minInsyncReplicas = settings.minInsyncReplicas ?? Math.max(1, replicationFactor - 1);
  return {
    name,
    partitions: topic.partitions === 'by-setting' ? partitions : topic.partitions,
    replicationFactor,
    config: {
      ...(topic.isCompacted === true ? compacted : { 'cleanup.policy': 'delete' }),
      'retention.ms': String(retentionMs(topic, documentRetentionDays)),
      'retention.bytes': '-1',
      'segment.ms': String(segmentMs),
      'min.insync.replicas': String(minInsyncReplicas),
      'unclean.leader.election.enable': 'false',
    },
  };
}
