import { setTimeout as sleep } from 'node:timers/promises';
import { within } from '@nask/async';
import kafkajs, { type Admin, type ConfigEntries } from 'kafkajs';
import { abandonableKafka, type KafkaConnection } from '../connection.ts';
import { topicEnds } from '../log/log-ends.ts';

// Node does not see these two among the names that the module exports.
const { ConfigResourceTypes, ConfigSource } = kafkajs;

/** A topic to create. Names are the cluster's everywhere in this file, with the connection's prefix. */
export interface TopicSpec {
  name: string;
  partitions: number;
  replicationFactor: number;
  /** Kafka's topic settings. https://kafka.apache.org/documentation/#topicconfigs */
  config: Readonly<Record<string, string>>;
}

/** A topic as the cluster has it. */
export interface ExistingTopic {
  partitions: number;
  replicationFactor: number;
  /** Whether it has ever had a record, deleted since or not. */
  hadRecords: boolean;
  /** Every setting and the value in force. */
  config: Readonly<Record<string, string>>;
}

/** Reads and changes the topics of a cluster. For the errors see `withTopicAdmin`, which creates it. */
export interface TopicAdmin {
  /** The names of all topics that this client may see. */
  list(): Promise<string[]>;
  /** The topics of these names, those that there are. */
  describe(names: readonly string[]): Promise<Map<string, ExistingTopic>>;
  /** Creates topics and waits until they can be written to. */
  create(topics: readonly TopicSpec[]): Promise<void>;
  /** Adds partitions up to a number, and sets settings; settings that are not named stay as they are. */
  change(name: string, change: { partitions?: number; config?: Readonly<Record<string, string>> }): Promise<void>;
}

/** Kafka refused, or could not be reached. */
export class TopicAdminError extends Error {
  override readonly name = 'TopicAdminError';
  readonly code = 'TOPIC_ADMIN_FAILED';
  /** One line each, with the topic where Kafka named one. */
  readonly reasons: readonly string[];

  constructor(error: Error) {
    const { errors = [] } = error as { errors?: { message: string; topic?: string }[] };
    const reasons = errors.map(({ topic, message }) => (topic === undefined ? message : `${topic}: ${message}`));
    super(reasons.length > 0 ? reasons.join('; ') : error.message, { cause: error });
    this.reasons = reasons.length > 0 ? reasons : [error.message];
  }
}

/**
 * Lends a TopicAdmin with a connection of its own, which is closed afterwards, whatever it is waiting for.
 * @param options.what for the message of the TimeoutError
 * @param options.timeoutMs how long connecting and `use` may take together
 * @param options.retries how often a request is repeated that failed. Default 0
 * @throws TimeoutError; TopicAdminError; what `use` throws
 */
export async function withTopicAdmin<T>(
  connection: KafkaConnection,
  { what, timeoutMs, retries = 0 }: { what: string; timeoutMs: number; retries?: number },
  use: (admin: TopicAdmin) => Promise<T>,
): Promise<T> {
  const client = abandonableKafka(connection, { retry: { retries }, quiet: true });
  const admin = client.kafka.admin();
  try {
    return await within(
      timeoutMs,
      what,
      admin.connect().then(() => use(topicAdmin(admin))),
    );
  } catch (error) {
    // What is none of Kafka's errors is a fault of the code, and stays what it is.
    throw error instanceof Error && error.name.startsWith('KafkaJS') ? new TopicAdminError(error) : error;
  } finally {
    client.abandon();
  }
}

function topicAdmin(admin: Admin): TopicAdmin {
  return {
    list: () => admin.listTopics(),
    describe: (names) => describeTopics(admin, names),
    create: (topics) => createTopics(admin, topics),
    change: (name, change) => changeTopic(admin, name, change),
  };
}

async function describeTopics(admin: Admin, names: readonly string[]): Promise<Map<string, ExistingTopic>> {
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
export async function createTopics(admin: Admin, topics: readonly TopicSpec[]): Promise<void> {
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
      throw new TopicAdminError(new Error(`${name} is not there ${leaderTimeoutMs} ms after its creation`));
    await sleep(leaderCheckMs);
  }
  await topicEnds(admin, name, leaderTimeoutMs);
}

function noSuchTopicYet(error: { type?: string }): undefined {
  if (error.type !== 'UNKNOWN_TOPIC_OR_PARTITION' && error.type !== 'LEADER_NOT_AVAILABLE') throw error;
}

async function changeTopic(
  admin: Admin,
  name: string,
  { partitions, config }: Parameters<TopicAdmin['change']>[1],
): Promise<void> {
  if (partitions !== undefined) {
    await admin.createPartitions({ topicPartitions: [{ topic: name, count: partitions }] });
    await waitForTopic(admin, name, partitions);
  }
  if (config === undefined) return;

  // The request that kafkajs has replaces all of a topic's own settings: what somebody else set is set again.
  const own = (await configOf(admin, name)).filter(({ configSource }) => configSource === ConfigSource.TOPIC_CONFIG);
  const all = { ...Object.fromEntries(own.map(({ configName, configValue }) => [configName, configValue])), ...config };
  await admin.alterConfigs({
    validateOnly: false,
    resources: [
      {
        type: ConfigResourceTypes.TOPIC,
        name,
        configEntries: Object.entries(all).map(([setting, value]) => ({ name: setting, value })),
      },
    ],
  });
}

async function configOf(admin: Admin, name: string): Promise<ConfigEntries[]> {
  const resources = [{ type: ConfigResourceTypes.TOPIC, name }];
  const answer = await admin.describeConfigs({ resources, includeSynonyms: false });
  return answer.resources[0]?.configEntries ?? [];
}
