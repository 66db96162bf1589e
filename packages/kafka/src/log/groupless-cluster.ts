import type { Broker, Cluster, KafkaMessage } from 'kafkajs';
import { abandonableKafka, type KafkaConnection } from '../connection.ts';

/** A connection that can fetch without being in a group. */
export interface GrouplessCluster {
  readonly connected: Promise<Cluster>;
  /** Ends it at once, with whatever it is stuck in. */
  abandon(): void;
}

/** kafkajs hands its cluster, which can fetch without a group, to the assigners of a consumer: this one never joins. */
export function connectGroupless(connection: KafkaConnection): GrouplessCluster {
  const client = abandonableKafka(connection, { quiet: true, retry: { retries: 2 }, requestTimeoutMs: 3_000 });
  let cluster: Cluster | undefined;
  const consumer = client.kafka.consumer({
    groupId: 'never-joined',
    allowAutoTopicCreation: false,
    partitionAssigners: [
      (config) => {
        cluster = config.cluster;
        return {
          name: 'none',
          version: 0,
          assign: () => Promise.resolve([]),
          protocol: () => ({ name: 'none', metadata: Buffer.alloc(0) }),
        };
      },
    ],
  });
  const connected = consumer.connect().then(() => {
    if (cluster === undefined) throw new Error('kafkajs did not hand its cluster to the assigner');
    return cluster;
  });
  return { connected, abandon: () => client.abandon() };
}

/** A message, or one of Kafka's own records. */
type FetchedMessage = KafkaMessage & { isControlRecord?: boolean };

/** What a fetch asks of a partition. */
export interface FetchFrom {
  /** The cluster's name of the topic. */
  topic: string;
  partition: number;
  offset: number;
}

/** What it got: from the offset on, at most as many bytes as were asked for, or one record. */
export interface Fetched extends FetchFrom {
  messages: FetchedMessage[];
  /** Compaction has removed the record at the offset, and no batch that was fetched goes on behind it. */
  isGap: boolean;
}

/** Fetches from partitions that one broker leads. */
export async function fetchMessages(
  broker: Broker,
  from: readonly FetchFrom[],
  { maxWaitMs, maxBytes }: { maxWaitMs: number; maxBytes: number },
): Promise<Fetched[]> {
  const topics = Object.entries(Object.groupBy(from, ({ topic }) => topic)).map(([topic, partitions]) => ({
    topic,
    partitions: partitions!.map(({ partition, offset }) => ({ partition, fetchOffset: String(offset), maxBytes })),
  }));
  const response = (await broker.fetch({
    isolationLevel: 0,
    maxWaitTime: maxWaitMs,
    minBytes: 1,
    maxBytes,
    topics,
    rackId: '',
  })) as FetchResponse;
  const messagesOf = new Map(
    response.responses.flatMap(({ topicName, partitions }) =>
      partitions.map(({ partition, messages }) => [`${topicName}/${partition}`, messages] as const),
    ),
  );
  return from.map((asked) => {
    const fetched = messagesOf.get(`${asked.topic}/${asked.partition}`) ?? [];
    // A fetch begins with the whole batch that the offset is in.
    const messages = fetched.filter((message) => Number(message.offset) >= asked.offset);
    return { ...asked, messages, isGap: fetched.length > 0 && messages.length === 0 };
  });
}

interface FetchResponse {
  responses: { topicName: string; partitions: { partition: number; messages: FetchedMessage[] }[] }[];
}
