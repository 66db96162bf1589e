import {
  connectKafka,
  createLogEnds,
  createLogReader,
  createProducer,
  type ConsumedRecord,
  type GroupCommitProducer,
  type KafkaConnection,
  type LogEnd,
  type Position,
} from '@nask/kafka';
import type { EventTopicName, TopicName } from '@nask/schemas';
import { createLogger } from '@nask/service';
import {
  applyContract,
  createEventCodec,
  createEventPublisher,
  type EventCodec,
  type EventMetadata,
  type EventOf,
  type NewEventOf,
} from '@nask/task-log';
import { eventually } from './eventually.ts';
import { testServers, type Isolation, type TestServers } from './servers.ts';

/** The topics of a system under test, from outside: a test writes events to them and reads what is there. */
export interface TestTaskLog {
  readonly connection: KafkaConnection;
  readonly codec: EventCodec;
  readonly producer: GroupCommitProducer;
  /** Writes an event as a service does, with its key and its headers. Resolved when it is acknowledged. */
  write<T extends EventTopicName>(topic: T, event: NewEventOf<T>, metadata?: EventMetadata): Promise<Position>;
  /** All records that a topic has at the time of the call, partition by partition in log order. Outlasts an outage. */
  records(topic: TopicName): Promise<ConsumedRecord[]>;
  /** The events of those records, decoded. */
  events<T extends EventTopicName>(topic: T): Promise<EventOf<T>[]>;
  /** Where each partition of a topic starts and ends now. */
  ends(topic: TopicName): Promise<ReadonlyMap<number, LogEnd>>;
  close(): Promise<void>;
}

/** The longest that a read goes on trying while Kafka is away. */
const outageMs = 90_000;

/**
 * Applies the contract (three partitions, one replica) and connects.
 * @param options.servers default: those of the test run
 * @param options.hasContract whether the contract has been applied already
 * @param options.deadlineMs how long the producer tries to send a record
 */
export async function openTestTaskLog(
  { topicPrefix }: Pick<Isolation, 'topicPrefix'>,
  options: { servers?: Pick<TestServers, 'brokers' | 'registryUrl'>; hasContract?: boolean; deadlineMs?: number } = {},
): Promise<TestTaskLog> {
  const { servers = testServers(), hasContract = false, deadlineMs = 10_000 } = options;
  const { brokers, registryUrl } = servers;
  const logger = createLogger({ service: 'test', level: 'silent' });
  const connection = connectKafka({ brokers, clientId: 'test', topicPrefix, logger });
  const topicSettings = { partitions: 3, replicationFactor: 1, documentRetentionDays: 1 };
  if (!hasContract) await applyContract({ connection, registryUrl, topics: topicSettings, logger });

  const codec = createEventCodec({ registryUrl, topicPrefix, logger });
  const producer = createProducer({ connection, logger, deadlineMs });
  const publisher = createEventPublisher({ producer, codec, source: '/nask/test', logger });
  const logEnds = createLogEnds(connection, { timeoutMs: 10_000 });
  const reader = createLogReader(connection);
  await Promise.all([codec.start(), producer.start()]);

  async function readAll(topic: TopicName): Promise<ConsumedRecord[]> {
    const found: ConsumedRecord[] = [];
    for (const partition of (await logEnds.endOffsets(topic)).keys())
      for await (const record of reader.read({ topic, partition }, { offset: 0 })) found.push(record);
    return found;
  }

  const records = (topic: TopicName) => eventually(() => readAll(topic), { timeoutMs: outageMs });

  return {
    connection,
    codec,
    producer,
    write: publisher.publish,
    records,
    async events<T extends EventTopicName>(topic: T) {
      const events: EventOf<T>[] = [];
      for (const { value } of await records(topic)) events.push(await codec.decode(topic, value));
      return events;
    },
    ends: (topic) => logEnds.endOffsets(topic),
    async close() {
      await Promise.all([producer.stop(), logEnds.stop(), reader.stop()]);
    },
  };
}
