import { setTimeout as sleep } from 'node:timers/promises';
import kafkajs, { type Admin, type ConfigEntries } from 'kafkajs';
import { topicEnds } from '../topic-ends.ts';
import type { ExistingTopic, TopicStep } from '../../../task-log/src/contract/topic-plan.ts';
import type { WantedTopic } from '../../../task-log/src/contract/wanted-topic.ts';

// Node does not see these two among the names that the module exports.
const { ConfigResourceTypes, ConfigSource } = kafkajs;

/** Reads the topics of these names, those that there are. */
export async function describeTopics(admin: Admin, names: readonly string[]): Promise<Map<string, ExistingTopic>> {
  const inCluster = new Set(await admin.listTopics());
  const found = names.filter((name) => inCluster.has(name));
  if (found.length === 0) return new Map();

  const { topics } = await admin.fetchTopicMetadata({ topics: found });
  const existing = new Map<string, ExistingTopic>();
  for (const { name, partitions } of topics) {
    const ends = await topicEnds(admin, name, leaderTimeoutMs);
    const entries = await configOf(admin, name);
    existing.set(name, {
      partitions: partitions.length,
      replicationFactor: partitions[0]?.replicas.length ?? 0,
      hadRecords: [...ends.values()].some(({ logEnd }) => logEnd > 0),
      config: Object.fromEntries(entries.map(({ configName, configValue }) => [configName, configValue])),
    });
  }
  return existing;
}

/** Creates topics and waits until they can be written to. */
export async function createTopics(admin: Admin, topics: readonly WantedTopic[]): Promise<void> {
  if (topics.length === 0) return;
  await admin.createTopics({
    // kafkajs fails when a broker has not heard of the topic yet, where it should wait.
    waitForLeaders: false,
    topics: topics.map(({ name, partitions, replicationFactor, config }) => ({
      topic: name,
      numPartitions: partitions,
      replicationFactor,
      configEntries: Object.entries(config).map(([setting, value]) => ({ name: setting, value })),
    })),
  });
  for (const { name, partitions } of topics) await waitForTopic(admin, name, partitions);
}

const leaderCheckMs = 50;
const leaderTimeoutMs = 15_000;

/** A partition can be written to when its leader answers. */
async function waitForTopic(admin: Admin, name: string, partitions: number): Promise<void> {
  const deadlineAtMs = performance.now() + leaderTimeoutMs;
  for (;;) {
    const found = await admin.fetchTopicMetadata({ topics: [name] }).catch(noSuchTopicYet);
    if (found?.topics[0]?.partitions.length === partitions) break;
    if (performance.now() > deadlineAtMs)
      throw new Error(`${name} is not there ${leaderTimeoutMs} ms after its creation`);
    await sleep(leaderCheckMs);
  }
  await topicEnds(admin, name, leaderTimeoutMs);
}

function noSuchTopicYet(error: { type?: string }): undefined {
  if (error.type !== 'UNKNOWN_TOPIC_OR_PARTITION' && error.type !== 'LEADER_NOT_AVAILABLE') throw error;
}

/** Changes a topic that exists, as planned. */
export async function changeTopic(admin: Admin, { wanted, growsFrom, configChanges }: TopicStep): Promise<void> {
  if (growsFrom !== undefined) {
    await admin.createPartitions({ topicPartitions: [{ topic: wanted.name, count: wanted.partitions }] });
    await waitForTopic(admin, wanted.name, wanted.partitions);
  }
  if (configChanges.length === 0) return;

  // The request that kafkajs has replaces all of a topic's own settings: what somebody else set is set again.
  const own = (await configOf(admin, wanted.name)).filter(
    ({ configSource }) => configSource === ConfigSource.TOPIC_CONFIG,
  );
  const config = {
    ...Object.fromEntries(own.map(({ configName, configValue }) => [configName, configValue])),
    ...wanted.config,
  };
  await admin.alterConfigs({
    validateOnly: false,
    resources: [
      {
        type: ConfigResourceTypes.TOPIC,
        name: wanted.name,
        configEntries: Object.entries(config).map(([name, value]) => ({ name, value })),
      },
    ],
  });
}

async function configOf(admin: Admin, name: string): Promise<ConfigEntries[]> {
  const resources = [{ type: ConfigResourceTypes.TOPIC, name }];
  const answer = await admin.describeConfigs({ resources, includeSynonyms: false });
  return answer.resources[0]?.configEntries ?? [];
}
