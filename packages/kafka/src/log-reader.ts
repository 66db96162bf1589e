import type { Cluster, Kafka, KafkaMessage } from 'kafkajs';
import { abandonableKafka, topicName, type KafkaConnection } from './connection.ts';
import { recordOf } from './consumer/kafkajs-record.ts';
import type { ConsumedRecord, TopicPartition } from './record.ts';
import { within } from './within.ts';

/** A part of a partition's log: the records from one offset to before another. */
export interface LogRange extends TopicPartition {
  from: number;
  to: number;
}

/** Kafka did not hand out a part of the log. */
export class LogReadError extends Error {
  override readonly name = 'LogReadError';
  readonly code = 'LOG_READ_FAILED';
}

export interface LogReader {
  /**
   * Reads parts of the log, without a consumer group: nothing is committed and nobody rebalances. Resolves once all of
   * them were read. Memory: one fetch.
   * Rejects with LogReadError; then `onRecord` may have been told of some of them.
   * @param onRecord called with the records of each partition in their order
   */
  read(ranges: readonly LogRange[], onRecord: (record: ConsumedRecord) => void): Promise<void>;
}

const fetchMaxBytes = 8 * 1024 * 1024;
const partitionMaxBytes = 1024 * 1024;
const fetchMaxWaitMs = 500;
/** A range without a record at its end (they may be gone) is over after so many empty answers in a row. */
const maxEmptyFetches = 3;

interface Fetched {
  responses: {
    topicName: string;
    partitions: { partition: number; messages: KafkaMessage[] }[];
  }[];
}

/** kafkajs fetches for groups only; what it does that with can be asked directly. */
export function createLogReader(
  connection: KafkaConnection,
  { timeoutMs = 10_000 }: { timeoutMs?: number } = {},
): LogReader {
  return {
    async read(ranges, onRecord) {
      const unread = ranges.filter(({ from, to }) => from < to);
      if (unread.length === 0) return;
      const client = abandonableKafka(connection, { quiet: true, retry: { retries: 3 } });
      try {
        await readAll(connection, clusterOf(client.kafka), unread, onRecord, timeoutMs);
      } catch (error) {
        const topics = [...new Set(unread.map(({ topic }) => topic))].join(', ');
        throw new LogReadError(`Kafka did not hand out ${topics}: ${(error as Error).message}`, { cause: error });
      } finally {
        client.abandon();
      }
    },
  };
}

/** The brokers as kafkajs's own consumer sees them. It keeps how to make one behind a symbol. */
function clusterOf(kafka: Kafka): Cluster {
  const symbol = Object.getOwnPropertySymbols(kafka).find(
    ({ description }) => description === 'private:Kafka:createCluster',
  );
  if (symbol === undefined) throw new Error('This kafkajs does not let its cluster be made');
  const create = (kafka as unknown as Record<symbol, (options: object) => Cluster>)[symbol]!;
  return create({ metadataMaxAge: 300_000, allowAutoTopicCreation: false });
}

async function readAll(
  connection: KafkaConnection,
  cluster: Cluster,
  ranges: readonly LogRange[],
  onRecord: (record: ConsumedRecord) => void,
  timeoutMs: number,
): Promise<void> {
  const logicalNames = new Map(ranges.map(({ topic }) => [topicName(connection, topic), topic]));
  await within(timeoutMs, 'connecting to Kafka', cluster.connect());
  await within(timeoutMs, 'asking for the leaders', cluster.addMultipleTargetTopics([...logicalNames.keys()]));

  const open = new Map(ranges.map((range) => [`${range.topic}/${range.partition}`, { ...range, empty: 0 }]));
  while (open.size > 0) {
    for (const [leader, led] of byLeader(connection, cluster, [...open.values()])) {
      const broker = await within(timeoutMs, 'connecting to a broker', cluster.findBroker({ nodeId: leader }));
      const request = { maxWaitTime: fetchMaxWaitMs, minBytes: 1, maxBytes: fetchMaxBytes, topics: led };
      // kafkajs's types leave out what a fetch answers.
      const { responses } = (await within(timeoutMs, 'a fetch', broker.fetch(request))) as unknown as Fetched;
      for (const { topicName: name, partitions } of responses)
        for (const { partition, messages } of partitions) {
          const topic = logicalNames.get(name)!;
          const id = `${topic}/${partition}`;
          const range = open.get(id);
          if (range === undefined) continue;
          range.empty = messages.length === 0 ? range.empty + 1 : 0;
          for (const message of messages) {
            const record = recordOf({ topic, partition }, message);
            if (record.offset < range.from || record.offset >= range.to) continue;
            range.from = record.offset + 1;
            onRecord(record);
          }
          const last = messages.at(-1);
          if (last !== undefined) range.from = Math.max(range.from, Number(last.offset) + 1);
          if (range.from >= range.to || range.empty >= maxEmptyFetches) open.delete(id);
        }
    }
  }
}

/** What to ask each broker for: those partitions of the ranges that it leads. */
function byLeader(connection: KafkaConnection, cluster: Cluster, ranges: readonly LogRange[]) {
  const asked = new Map<
    string,
    { topic: string; partitions: { partition: number; fetchOffset: string; maxBytes: number }[] }[]
  >();
  for (const [topic, ofTopic] of Map.groupBy(ranges, (range) => topicName(connection, range.topic))) {
    const leaders = cluster.findLeaderForPartitions(
      topic,
      ofTopic.map(({ partition }) => partition),
    );
    for (const [leader, partitions] of Object.entries(leaders)) {
      const led = ofTopic
        .filter(({ partition }) => partitions.includes(partition))
        .map(({ partition, from }) => ({ partition, fetchOffset: String(from), maxBytes: partitionMaxBytes }));
      asked.set(leader, [...(asked.get(leader) ?? []), { topic, partitions: led }]);
    }
  }
  return asked;
}
