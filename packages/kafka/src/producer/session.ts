import type { IHeaders, Message } from 'kafkajs';
import { within } from '@nask/async';
import { abandonableKafka, topicName, type KafkaConnection } from '../connection.ts';
import type { OutgoingRecord } from '../record.ts';

/** A record and the partition that its key leads to. */
interface PartitionedRecord {
  readonly record: OutgoingRecord;
  readonly partition: number;
}

/**
 * One life of a kafkajs producer: one producer id, one set of sockets. It is used until its first failure and then
 * never again. kafkajs takes its sequence numbers back when a send fails, whatever the broker has written by then; the
 * next batch under the same numbers would look to the broker like a repeat of the first, be answered with the first
 * one's offsets, and be lost although it was acknowledged. A new producer id has numbers of its own.
 */
export interface ProducerSession {
  connect(): Promise<void>;
  /**
   * Sends records as one request for each broker, acks=all, repeated by kafkajs under the same sequence numbers until
   * it is answered: it has no end of its own, `abandon` is its end.
   * @returns offset of each record, in the order given
   */
  send(records: readonly PartitionedRecord[]): Promise<number[]>;
  /** How many partitions a topic has; undefined: the cluster does not know the topic. Rejects when Kafka is away. */
  partitionCount(topic: string): Promise<number | undefined>;
  /** Asks Kafka for anything: resolves when it answers. */
  ping(): Promise<void>;
  /** After the last send: says goodbye, then lets go of everything. */
  close(timeoutMs: number): Promise<void>;
  /** Lets go of everything now. What is under way rejects. */
  abandon(): void;
}

/** Within a send: how often a broker that is away is tried again. The send's end is its batch's deadline. */
const retry = {
  initialRetryTime: 100,
  maxRetryTime: 1000,
  multiplier: 2,
  factor: 0.2,
  retries: Number.MAX_SAFE_INTEGER,
};

export function createSession(
  connection: KafkaConnection,
  { requestTimeoutMs }: { requestTimeoutMs: number },
): ProducerSession {
  const client = abandonableKafka(connection, { retry, requestTimeoutMs, quiet: true });
  const admin = client.kafka.admin({ retry });
  const producer = client.kafka.producer({
    idempotent: true,
    maxInFlightRequests: 1,
    allowAutoTopicCreation: false,
    createPartitioner:
      () =>
      ({ message }) =>
        message.partition!,
    retry,
  });

  return {
    async connect() {
      await Promise.all([producer.connect(), admin.connect()]);
    },

    async send(records) {
      const messages = new Map<string, Message[]>();
      for (const { record, partition } of records) {
        const topic = topicName(connection, record.topic);
        const { key, value } = record;
        // Headers may be null in Kafka, though not in kafkajs's types.
        const message: Message = { key, value, headers: record.headers as IHeaders, partition };
        const ofTopic = messages.get(topic);
        if (ofTopic === undefined) messages.set(topic, [message]);
        else ofTopic.push(message);
      }
      const metadata = await producer.sendBatch({
        acks: -1,
        timeout: requestTimeoutMs,
        topicMessages: Array.from(messages, ([topic, ofTopic]) => ({ topic, messages: ofTopic })),
      });
      const baseOffsets = new Map(
        metadata.map(({ topicName, partition, baseOffset }) => [`${topicName}/${partition}`, Number(baseOffset)]),
      );
      return offsetsOf(
        records.map(({ record, partition }) => `${topicName(connection, record.topic)}/${partition}`),
        baseOffsets,
      );
    },

    async partitionCount(topic) {
      const name = topicName(connection, topic);
      try {
        const { topics } = await admin.fetchTopicMetadata({ topics: [name] });
        return topics.find((found) => found.name === name)?.partitions.length;
      } catch (error) {
        if ((error as { type?: string }).type === 'UNKNOWN_TOPIC_OR_PARTITION') return undefined;
        throw error;
      }
    },

    async ping() {
      await admin.describeCluster();
    },

    async close(timeoutMs) {
      try {
        await within(timeoutMs, 'disconnecting', Promise.all([producer.disconnect(), admin.disconnect()]));
      } finally {
        client.abandon();
      }
    },

    abandon() {
      client.abandon();
    },
  };
}

/**
 * The records of a partition lie one after the other from the offset that the broker answered, in the order in which
 * they were given.
 * @param partitions of each record, `topic/partition`
 * @param baseOffsets the broker's answer. kafkajs has been seen to leave a partition out when its leader moved during
 *   a retry: what has no answer is not acknowledged. -1 is what a broker says when it does not know any more.
 */
export function offsetsOf(partitions: readonly string[], baseOffsets: ReadonlyMap<string, number>): number[] {
  const next = new Map(baseOffsets);
  return partitions.map((partition) => {
    const offset = next.get(partition);
    if (offset === undefined || !Number.isSafeInteger(offset) || offset < 0)
      throw new Error(`No offset in the answer for partition ${partition}`);
    next.set(partition, offset + 1);
    return offset;
  });
}
