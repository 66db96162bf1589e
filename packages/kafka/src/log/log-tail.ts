import { setTimeout as sleep } from 'node:timers/promises';
import type { Cluster } from 'kafkajs';
import { within } from '@nask/async';
import { topicName, type KafkaConnection } from '../connection.ts';
import { connectGroupless, fetchMessages, type Fetched, type FetchFrom } from './groupless-cluster.ts';
import type { Logger } from '../logger.ts';

/** A record that was written, and where it is. */
export interface TailedRecord {
  /** The catalogue's name. */
  topic: string;
  partition: number;
  offset: number;
  key: string | null;
  /** A view of the whole fetch: not to be kept. */
  value: Buffer | null;
  timestampMs: number;
}

/** Where a partition ended when the tail began. */
export interface TailStart {
  /** The catalogue's name. */
  topic: string;
  partition: number;
  offset: number;
}

/**
 * Tells what is being written to topics, apart from any consumer group: a hint, not a delivery. While Kafka is away it
 * tells nothing, then goes on where it was; what has left the log meanwhile is not told.
 *
 * While nobody listens it reads nothing: it only notes now and then where the topics end, so that it can begin a moment
 * before somebody began to listen.
 */
interface LogTail {
  /** Connects in the background. */
  start(): Promise<void>;
  /** Somebody begins to listen. */
  wake(): void;
  stop(): Promise<void>;
}

/** How old the noted ends are at most: what was written that long before somebody listened may be told. */
const noteEveryMs = 1_000;
/** How long it goes on when nobody listens any more: often somebody does again. */
const lingerMs = 10_000;
const maxFetchBytes = 1024 * 1024;
/** How long a broker waits for something to tell; the shorter where several are asked at once, for one waits for all. */
const maxWaitMs = { ofOne: 1_000, ofSeveral: 50 };
/** The least time between two fetches: what comes meanwhile is told with the next. */
const pauseMs = 25;
const retryMs = 1_000;
const requestTimeoutMs = 4_000;

export function createLogTail(options: {
  connection: KafkaConnection;
  /** By the catalogue's names. */
  topics: readonly string[];
  /** Whether anybody listens now. Asked at least every second. */
  isWanted: () => boolean;
  /** Told of each record that is written while somebody listens, soon; in the order of its partition. */
  onRecord: (record: TailedRecord) => void;
  /** Called once, before the first record, with the offsets from which records are passed on while isWanted is true. */
  onStart?: (starts: TailStart[]) => void;
  logger: Logger;
}): LogTail {
  const { connection, topics, isWanted, onRecord, logger } = options;
  let onStart = options.onStart;
  const names = new Map(topics.map((topic) => [topicName(connection, topic), topic]));
  const stopping = new AbortController();
  const { signal } = stopping;
  let next: FetchFrom[] | undefined;
  let abandon = () => {};
  let wake = () => {};
  let wantedAtMs = Number.NEGATIVE_INFINITY;
  let running: Promise<void> | undefined;

  async function run(): Promise<void> {
    while (!signal.aborted) {
      const client = connectGroupless(connection);
      abandon = client.abandon;
      try {
        await follow(await within(requestTimeoutMs, 'connecting to Kafka', client.connected));
      } catch (error) {
        if (signal.aborted) break;
        logger.debug({ err: error }, 'the ends of the log cannot be followed now');
        if ((error as { type?: string }).type === 'OFFSET_OUT_OF_RANGE') next = undefined;
        await sleep(retryMs, undefined, { signal }).catch(() => {});
      } finally {
        client.abandon();
      }
    }
  }

  /** Until the stop; or rejects when the connection is not to be used any more. */
  async function follow(cluster: Cluster): Promise<void> {
    for (const name of names.keys()) await within(requestTimeoutMs, 'finding topics', cluster.addTargetTopic(name));
    while (!signal.aborted) {
      if (isWanted()) wantedAtMs = performance.now();
      const isListenedTo = performance.now() - wantedAtMs < lingerMs;
      if (next !== undefined && isListenedTo) {
        next = await fetchFrom(cluster, next);
        await sleep(pauseMs);
      } else {
        next = await within(requestTimeoutMs, 'asking for the ends of topics', endsOf(cluster));
        onStart?.(next.map((start) => ({ ...start, topic: names.get(start.topic)! })));
        onStart = undefined;
        if (!isListenedTo && !isWanted()) await untilWoken(noteEveryMs);
      }
    }
  }

  async function fetchFrom(cluster: Cluster, from: FetchFrom[]): Promise<FetchFrom[]> {
    const byLeader = partitionsByLeader(cluster, from);
    const wait = byLeader.size === 1 ? maxWaitMs.ofOne : maxWaitMs.ofSeveral;
    const fetches = [...byLeader].map(async ([nodeId, ofLeader]) =>
      fetchMessages(await cluster.findBroker({ nodeId }), ofLeader, { maxWaitMs: wait, maxBytes: maxFetchBytes }),
    );
    return (await within(requestTimeoutMs, 'following topics', Promise.all(fetches))).flat().map(tell);
  }

  /** Or until that much time has passed. */
  function untilWoken(timeoutMs: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, timeoutMs);
      wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  function endsOf(cluster: Cluster): Promise<FetchFrom[]> {
    const partitionsOf = (topic: string) =>
      cluster.findTopicPartitionMetadata(topic).map(({ partitionId }) => ({ partition: partitionId }));
    return cluster
      .fetchTopicsOffset(
        [...names.keys()].map((topic) => ({ topic, partitions: partitionsOf(topic), fromBeginning: false })),
      )
      .then((found) =>
        found.flatMap(({ topic, partitions }) =>
          partitions.map(({ partition, offset }) => ({ topic, partition, offset: Number(offset) })),
        ),
      );
  }

  function tell({ topic: name, partition, offset, messages }: Fetched): FetchFrom {
    const topic = names.get(name)!;
    for (const message of messages) {
      const at = Number(message.offset);
      offset = at + 1;
      if (message.isControlRecord !== true)
        onRecord({
          topic,
          partition,
          offset: at,
          key: message.key?.toString() ?? null,
          value: message.value,
          timestampMs: Number(message.timestamp),
        });
    }
    return { topic: name, partition, offset };
  }

  return {
    async start() {
      running ??= run();
    },
    wake() {
      wake();
    },
    async stop() {
      stopping.abort();
      wake();
      abandon();
      await running;
    },
  };
}

function partitionsByLeader(cluster: Cluster, from: readonly FetchFrom[]): Map<string, FetchFrom[]> {
  const byLeader = new Map<string, FetchFrom[]>();
  const byTopic = Object.groupBy(from, ({ topic }) => topic);
  for (const [topic, partitions] of Object.entries(byTopic)) {
    const leaders = cluster.findLeaderForPartitions(
      topic,
      partitions!.map(({ partition }) => partition),
    );
    for (const [leader, ids] of Object.entries(leaders)) {
      const led = partitions!.filter(({ partition }) => ids.map(Number).includes(partition));
      byLeader.set(leader, [...(byLeader.get(leader) ?? []), ...led]);
    }
  }
  return byLeader;
}
