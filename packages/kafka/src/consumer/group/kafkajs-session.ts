import type { Broker, Cluster, Consumer, EachBatchPayload } from 'kafkajs';
import { within } from '@nask/async';
import { abandonableKafka, logicalName, topicName, type KafkaConnection } from '../../connection.ts';
import { recordOf, type TopicPartition } from '../../record.ts';
import { stickyAssigner } from './kafkajs-assigner.ts';
import type { GroupListener } from './group-client.ts';

export interface SessionOptions {
  connection: KafkaConnection;
  groupId: string;
  topics: readonly string[];
  /** Names this consumer to the other members, for as long as it lives. */
  instance: string;
  sessionTimeoutMs: number;
  heartbeatIntervalMs: number;
  rebalanceTimeoutMs: number;
  /** How long a broker holds a fetch open when there is nothing new. Leaving the group waits for that. */
  fetchMaxWaitMs: number;
  fetchMaxBytes: number;
  fetchMaxBytesPerPartition: number;
}

/** kafkajs tries again by itself for a few seconds; after that this session is over and a new one begins. */
const retry = {
  initialRetryTime: 100,
  maxRetryTime: 500,
  retries: 5,
  restartOnFailure: () => Promise.resolve(false),
};
/**
 * How long nothing may be received while an answer is due. A fetch that a broker holds open, and a request that waits for
 * other members, have the time that they ask for instead, if that is longer.
 */
const requestTimeoutMs = 3_000;
const leaveTimeoutMs = 5_000;
/** The longest fetch while a partition is paused: one that is resumed meanwhile waits so long for its turn. */
const pausedFetchMaxWaitMs = 100;

/** One life of a kafkajs consumer: joins the group, fetches, and ends with the first error that kafkajs gives up on. */
export class KafkajsSession {
  readonly consumer: Consumer;
  /** Rejects with what ended it; resolves when it was closed. */
  readonly ended: Promise<void>;
  readonly #options: SessionOptions;
  readonly #listener: GroupListener;
  readonly #abandon: () => void;
  #cluster: Cluster | null = null;
  #coordinator: Broker | null = null;
  #memberId: string | null = null;
  #isMember = false;
  #end!: (error?: unknown) => void;

  /**
   * @param predecessor member id of the session before this one: it joins as the same member. A member that leaves gives
   *   its partitions to others, and one that only stays away holds up the group until its session time-out.
   */
  constructor(options: SessionOptions, listener: GroupListener, predecessor: string | null) {
    const { connection, groupId } = options;
    this.#options = options;
    this.#listener = listener;
    this.ended = new Promise((resolve, reject) => {
      this.#end = (error) => (error === undefined ? resolve() : reject(error));
    });
    const client = abandonableKafka(connection, { retry, requestTimeoutMs, quiet: true });
    this.#abandon = () => client.abandon();
    const details = () => {
      const { generation, partitions } = listener.held();
      const owned = partitions.map(({ topic, partition }) => ({ topic: topicName(connection, topic), partition }));
      return { instance: options.instance, generation, owned };
    };
    this.consumer = client.kafka.consumer({
      groupId,
      partitionAssigners: [stickyAssigner(details, (cluster) => (this.#cluster = cluster))],
      sessionTimeout: options.sessionTimeoutMs,
      heartbeatInterval: options.heartbeatIntervalMs,
      rebalanceTimeout: options.rebalanceTimeoutMs,
      maxWaitTimeInMs: readEachTime(() => this.#fetchMaxWaitMs()),
      maxBytes: options.fetchMaxBytes,
      maxBytesPerPartition: options.fetchMaxBytesPerPartition,
      allowAutoTopicCreation: false,
      memberId: predecessor ?? undefined,
      retry,
    });
    this.#listen();
  }

  /** As which member it was last in the group; null: it never was. */
  get memberId(): string | null {
    return this.#memberId;
  }

  /** Whether kafkajs's consumer has a place in the group now: only then can it be told to seek or pause. */
  get isMember(): boolean {
    return this.#isMember;
  }

  get cluster(): Cluster {
    if (this.#cluster === null) throw new Error('kafkajs did not hand its cluster to the assigner');
    return this.#cluster;
  }

  async run(): Promise<void> {
    const { connection, topics } = this.#options;
    const names = topics.map((topic) => topicName(connection, topic));
    await this.consumer.connect();
    // From the beginning is also where kafkajs goes when what it asks for is gone: elsewhere it would skip records.
    await this.consumer.subscribe({ topics: names, fromBeginning: true });
    await this.consumer.run({
      autoCommit: false,
      eachBatchAutoResolve: false,
      eachBatch: async (payload) => this.#hand(payload),
    });
  }

  /** The broker that keeps the group's offsets, asked for again when it did not answer as expected. */
  async askCoordinator<T>(ask: (coordinator: Broker) => Promise<T>): Promise<T> {
    const { groupId } = this.#options;
    if (!this.#coordinator?.isConnected()) this.#coordinator = await this.cluster.findGroupCoordinator({ groupId });
    try {
      return await ask(this.#coordinator);
    } catch (error) {
      this.#coordinator = null;
      throw error;
    }
  }

  /** Leaves the group if it can, and lets go of everything. */
  async close(): Promise<void> {
    try {
      await within(leaveTimeoutMs, 'leaving the group', this.consumer.disconnect());
    } finally {
      this.#abandon();
      this.#end();
    }
  }

  #listen(): void {
    const { events } = this.consumer;
    this.consumer.on(events.GROUP_JOIN, ({ payload }) => {
      // kafkajs does not say the generation; our patch of it does.
      const { generationId: generation } = payload as typeof payload & { generationId?: number };
      if (generation === undefined) throw new Error('kafkajs is not patched: its group_join event has no generationId');
      this.#memberId = payload.memberId;
      this.#isMember = true;
      const assigned = Object.entries(payload.memberAssignment).flatMap(([topic, partitions]) =>
        partitions.map((partition) => this.#logical({ topic, partition })),
      );
      this.#listener.assigned({ memberId: payload.memberId, generation }, assigned);
    });
    this.consumer.on(events.STOP, () => {
      this.#isMember = false;
    });
    this.consumer.on(events.CRASH, ({ payload }) => {
      this.#abandon();
      this.#end(payload.error);
    });
    this.consumer.on(events.FETCH, () => this.#listener.polled());
    // What held nothing but transaction markers or aborted records never gets to eachBatch.
    this.consumer.on(events.START_BATCH_PROCESS, ({ payload }) => {
      if (payload.batchSize > 0) return;
      const { lastOffset, highWatermark } = payload;
      this.#listener.fetched({
        ...this.#logical(payload),
        fetchedOffset: null,
        records: [],
        nextOffset: Number(lastOffset) + 1,
        highWatermark: Number(highWatermark),
      });
    });
  }

  #fetchMaxWaitMs(): number {
    const { fetchMaxWaitMs } = this.#options;
    return this.consumer.paused().length > 0 ? Math.min(fetchMaxWaitMs, pausedFetchMaxWaitMs) : fetchMaxWaitMs;
  }

  #hand(payload: EachBatchPayload): void {
    if (payload.isStale()) return;
    const { batch } = payload;
    const { fetchedOffset } = batch as typeof batch & { fetchedOffset: string };
    const source = this.#logical(batch);
    const taken = this.#listener.fetched({
      ...source,
      fetchedOffset: Number(fetchedOffset),
      records: batch.messages.map((message) => recordOf(source, message)),
      nextOffset: Number(batch.lastOffset()) + 1,
      highWatermark: Number(batch.highWatermark),
    });
    if (taken) payload.resolveOffset(batch.lastOffset());
  }

  #logical({ topic, partition }: TopicPartition): TopicPartition {
    return { topic: logicalName(this.#options.connection, topic), partition };
  }
}

/** kafkajs asks once for a number that is to change: it gets one that is read whenever it is used as such. */
function readEachTime(read: () => number): number {
  return { valueOf: read } as unknown as number;
}

/** What a broker's refusal is called, null when it is none. */
export function refusal(error: unknown): string | null {
  return (error as { type?: string }).type ?? null;
}
