import type { Admin, Message, Producer } from 'kafkajs';
import { connectKafka, kafkaOf, topicName, type KafkaConnection } from '../src/connection.ts';
import { decodeCommitMetadata } from '../src/consumer/partitions/offset-map.ts';
import { createTopics } from '../src/admin/topic-admin.ts';
import type { Logger } from '../src/logger.ts';
import { silentLogger } from './silent-logger.ts';

/** What the group committed of a partition. */
interface CommittedPosition {
  offset: number;
  metadata: string;
  /** Whether a record is done as far as the commit says. */
  isDone(offset: number): boolean;
}

interface TopicOptions {
  replicas?: number;
  minInSync?: number;
  /** More settings of Kafka's. */
  config?: Readonly<Record<string, string>>;
}

/** Topics of one test file on a real broker, with what a test needs to fill them and to look at them. */
export class TestLog {
  readonly connection: KafkaConnection;
  readonly #admin: Admin;
  readonly #producer: Producer;

  constructor(options: { brokers: string[]; topicPrefix: string; logger?: Logger }) {
    this.connection = connectKafka({ ...options, clientId: 'test-log', logger: options.logger ?? silentLogger });
    this.#admin = kafkaOf(this.connection).admin();
    this.#producer = kafkaOf(this.connection).producer({ allowAutoTopicCreation: false });
  }

  async open(): Promise<void> {
    await Promise.all([this.#admin.connect(), this.#producer.connect()]);
  }

  async close(): Promise<void> {
    await Promise.all([this.#admin.disconnect(), this.#producer.disconnect()]);
  }

  /** @param replication default: one replica, as a single broker can */
  async createTopic(
    topic: string,
    partitions: number,
    { replicas = 1, minInSync = 1, config = {} }: TopicOptions = {},
  ): Promise<void> {
    const name = topicName(this.connection, topic);
    const all = { ...config, 'min.insync.replicas': String(minInSync) };
    await createTopics(this.#admin, [{ name, partitions, replicationFactor: replicas, config: all }]);
  }

  /** Deletes the records below an offset, as retention does. */
  async deleteBelow(topic: string, partition: number, offset: number): Promise<void> {
    const name = topicName(this.connection, topic);
    // kafkajs asks nobody for the leader here: it has to know the topic already.
    await this.#admin.fetchTopicOffsets(name);
    await this.#admin.deleteTopicRecords({
      topic: name,
      partitions: [{ partition, offset: String(offset) }],
    });
  }

  /** Appends records to a partition, one after the other. */
  async append(
    topic: string,
    partition: number,
    records: { key?: string; value: string | Buffer | null; headers?: Record<string, Buffer | null> }[],
  ): Promise<void> {
    const messages = records.map((record) => ({ ...record, partition })) as Message[];
    await this.#producer.send({ topic: topicName(this.connection, topic), messages });
  }

  /** Forgets a group and its offsets, as a broker does with one that is away for long. The group has to be empty. */
  async deleteGroup(groupId: string): Promise<void> {
    await this.#admin.deleteGroups([groupId]);
  }

  /** The group's state by Kafka's name of it, such as `Stable` or `PreparingRebalance`. */
  async groupState(groupId: string): Promise<string | undefined> {
    const { groups } = await this.#admin.describeGroups([groupId]);
    return groups[0]?.state;
  }

  async committed(groupId: string, topic: string): Promise<Map<number, CommittedPosition>> {
    const [offsets] = await this.#admin.fetchOffsets({ groupId, topics: [topicName(this.connection, topic)] });
    return new Map(
      (offsets?.partitions ?? []).map(({ partition, offset, metadata }) => [
        partition,
        committedPosition(Number(offset), metadata ?? ''),
      ]),
    );
  }
}

function committedPosition(offset: number, metadata: string): CommittedPosition {
  const runs = decodeCommitMetadata(metadata)?.runs ?? [];
  return {
    offset,
    metadata,
    isDone(asked) {
      let from = offset;
      if (asked < from) return true;
      for (const [index, length] of runs.entries()) {
        if (asked < from + length) return index % 2 === 1;
        from += length;
      }
      return false;
    },
  };
}
