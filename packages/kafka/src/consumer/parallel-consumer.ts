import { randomBytes } from 'node:crypto';
import type { Registry } from 'prom-client';
import { systemClock, type Backoff } from '@nask/async';
import type { KafkaConnection } from '../connection.ts';
import type { AssignedPartition } from './partitions/assignments.ts';
import { BatchDispatcher, type BatchHandler } from './dispatch/batch-dispatcher.ts';
import { consumerHealth, type ConsumerHealth } from './consumer-health.ts';
import { exposeConsumer, observeConsumer } from './consumer-metrics.ts';
import {
  DeadLettersExhaustedError,
  type Dispatcher,
  type DispatcherHost,
  type FatalConsumerError,
} from './dispatch/dispatcher.ts';
import { Engine } from './engine.ts';
import { KafkajsGroupClient } from './group/kafkajs-group-client.ts';
import type { LogBounds, Scheduler } from './group/group-client.ts';
import { RecordDispatcher, type NotBefore, type RecordHandler } from './dispatch/record-dispatcher.ts';
import type { Ordering } from './dispatch/work-queue.ts';
import type { DeadLetterSink } from './dead-letters.ts';
import type { Logger } from '../logger.ts';
import type { TopicPartition } from '../record.ts';

interface CommonOptions {
  connection: KafkaConnection;
  groupId: string;
  /** Every member of the group reads the same ones. The same partition numbers of all of them go to one member. */
  topics: readonly string[];
  logger: Logger;
  /** Gets the consumer's metrics, `kafka_consumer_*`. */
  metrics?: Registry;
  /** Where records go that a handler refuses with a DeadLetterError. Without it, such a record stops its partition. */
  deadLetters?: DeadLetterSink;
  /** Most records of a topic that were read and not started; its partitions have equal shares. Default 10,000. */
  maxBufferedRecords?: number;
  /** Most bytes of them. A fetch that is under way comes on top, at most as much again. Default 32 MiB. */
  maxBufferedBytes?: number;
  /** How often what has ended is committed, while something ends. Default 200. */
  commitIntervalMs?: number;
  /** Most characters of a commit's metadata: the broker's `offset.metadata.max.bytes`. Default 4,096. */
  maxMetadataLength?: number;
  /** How a failing handler is tried again. Default from 100 ms to 1.5 s: it fails while a server is away. */
  retryBackoff?: Backoff;
  /** How long a silent member stays in the group. Default 30,000. */
  sessionTimeoutMs?: number;
  /** How often a member says that it lives, and learns of a rebalance. Default 1,000. */
  heartbeatIntervalMs?: number;
  /** How long a rebalance waits for a member to join again. Default 60,000. */
  rebalanceTimeoutMs?: number;
  /** How long the new owner of a partition waits for the old one to end what it has running. Default 5,000. */
  handOverTimeoutMs?: number;
  /**
   * How long a broker may hold a fetch open when there is nothing new. Default 1,000. What is new comes at once, but
   * heartbeats and leaving the group wait for that.
   */
  fetchMaxWaitMs?: number;
  /** Without any progress for so long, though there is work, the consumer is not live. Default 120,000. */
  progressTimeoutMs?: number;
  /**
   * Where to start each partition (`topic/partition` to offset), instead of at the group's commits: for a consumer that
   * keeps its checkpoint with its data. Partitions left out start at the log's start. Commits are made all the same, for
   * those who watch the lag. Called again for partitions that come back.
   */
  loadPositions?: (assigned: LogBounds[]) => Promise<ReadonlyMap<string, number>>;
  /** Awaited before the first record of these partitions is handled. Called again if it fails. */
  onAssigned?: (assigned: AssignedPartition[]) => Promise<void> | void;
  /** The partitions are another's now; the signals of what runs on them have fired. */
  onRevoked?: (revoked: TopicPartition[]) => void;
  /** A handler threw a FatalConsumerError. Default: it is thrown where nobody catches it, which ends the process. */
  onFatal?: (error: FatalConsumerError) => void;
}

interface RecordOptions {
  /** One record a call, many side by side. Its success is the record's end; dispatch/dispatcher.ts says what its errors lead to. */
  handler: RecordHandler;
  /** Default `unordered`. */
  ordering?: Ordering;
  /** Most records of a topic that are handled at once, the same for all topics or by topic. Default 100. */
  maxInFlight?: number | ((topic: string) => number);
  /**
   * The earliest time at which a record may be handled, in milliseconds since 1970; called once, when the record was
   * read. Until the next record of a partition is due its partition waits, and is paused once its share of the buffer is
   * full: for topics whose records all have about the same delay. Default: at once.
   */
  notBefore?: NotBefore;
  /** Most bytes of them, by the size of the records; the last one may go over it. Default 128 MiB. */
  maxInFlightBytes?: number;
}

interface BatchOptions {
  /** What has gathered since the last call. One batch at a time; of a partition's records, in log order. */
  batchHandler: BatchHandler;
  /** Default 500. */
  maxBatchRecords?: number;
  /** A batch ends with the record that goes over it. Default 4 MiB. */
  maxBatchBytes?: number;
}

export type ParallelConsumerOptions = CommonOptions & (RecordOptions | BatchOptions);

export interface ParallelConsumer {
  /** Begins to join the group. Does not fail when Kafka is away: it keeps trying, and `health` says whether it is in. */
  start(): Promise<void>;
  /**
   * Takes no more, waits up to `drainTimeoutMs` (default 10,000) for what runs, then fires its signals, commits, and
   * leaves the group: at most about 9 s after the time-out when Kafka does not answer. Another call waits for the first.
   */
  stop(options?: { drainTimeoutMs?: number }): Promise<void>;
  health(): ConsumerHealth;
  assignments(): TopicPartition[];
  /** How far it is behind in each partition that is its own. */
  lag(): PartitionLag[];
}

/** How far a consumer is behind in a partition. */
interface PartitionLag extends TopicPartition {
  /** Offsets from the oldest record that is not done to the log's end, which is asked for every 15 s where nothing is read. */
  records: number;
  /** When the oldest record that was read and is not done was written, in milliseconds since 1970; null: there is none. */
  oldestMs: number | null;
}

const scheduler: Scheduler = { ...systemClock, random: () => Math.random() };

const boundsIntervalMs = 15_000;

export function createParallelConsumer(options: ParallelConsumerOptions): ParallelConsumer {
  const { groupId, metrics, progressTimeoutMs = 120_000 } = options;
  const logger = options.logger.child({ group: groupId });
  const owner = randomBytes(6).toString('base64url');
  const { maxBufferedRecords = 10_000, maxBufferedBytes = 32 * 1024 * 1024 } = options;

  const client = new KafkajsGroupClient({
    connection: options.connection,
    groupId,
    topics: options.topics,
    instance: owner,
    sessionTimeoutMs: options.sessionTimeoutMs ?? 30_000,
    heartbeatIntervalMs: options.heartbeatIntervalMs ?? 1_000,
    rebalanceTimeoutMs: options.rebalanceTimeoutMs ?? 60_000,
    fetchMaxWaitMs: options.fetchMaxWaitMs ?? 1_000,
    fetchMaxBytes: Math.min(maxBufferedBytes, 10 * 1024 * 1024),
    fetchMaxBytesPerPartition: Math.min(maxBufferedBytes, 1024 * 1024),
    logger,
    scheduler,
  });
  const engine = new Engine({
    client,
    scheduler,
    logger,
    owner,
    observer: observeConsumer(metrics, groupId),
    buffer: { maxRecords: maxBufferedRecords, maxBytes: maxBufferedBytes },
    commitIntervalMs: options.commitIntervalMs ?? 200,
    maxMetadataLength: options.maxMetadataLength ?? 4_096,
    retryBackoff: options.retryBackoff ?? { initialMs: 100, maxMs: 1_500 },
    handOverTimeoutMs: options.handOverTimeoutMs ?? 5_000,
    createDispatcher: (host) => createDispatcher(options, host),
    publishDeadLetter: (record, error) => (options.deadLetters ?? noDeadLetters).publish(record, error),
    loadPositions: options.loadPositions,
    onAssigned: options.onAssigned,
    onRevoked: options.onRevoked,
    onFatal: options.onFatal ?? throwUncaught,
  });
  if (metrics) exposeConsumer(metrics, groupId, engine, () => scheduler.nowMs());

  let started = false;
  let stopped: Promise<void> | null = null;
  let boundsTimer: NodeJS.Timeout | undefined;
  const refreshBounds = () => {
    engine
      .refreshBounds()
      .catch((error: unknown) => logger.debug({ err: error }, 'could not ask for the ends of the log'));
  };

  return {
    async start() {
      if (started) return;
      started = true;
      client.start(engine);
      boundsTimer = setInterval(refreshBounds, boundsIntervalMs);
    },
    stop({ drainTimeoutMs = 10_000 } = {}) {
      clearInterval(boundsTimer);
      stopped ??= engine.stop(drainTimeoutMs);
      return stopped;
    },
    health: () =>
      consumerHealth(engine, { nowMs: scheduler.nowMs(), progressTimeoutMs, batches: 'batchHandler' in options }),
    assignments: () => engine.assignments.partitions.map(({ topic, partition }) => ({ topic, partition })),
    lag: () =>
      engine.assignments.partitions
        .filter(({ status }) => status === 'flowing')
        .map(({ topic, partition, lag, oldestPendingMs }) => ({
          topic,
          partition,
          records: lag,
          oldestMs: oldestPendingMs,
        })),
  };
}

function createDispatcher(options: ParallelConsumerOptions, host: DispatcherHost): Dispatcher {
  if ('batchHandler' in options) {
    const { batchHandler: handler, maxBatchRecords = 500, maxBatchBytes = 4 * 1024 * 1024 } = options;
    return new BatchDispatcher({ handler, limits: { maxRecords: maxBatchRecords, maxBytes: maxBatchBytes }, host });
  }
  const {
    handler,
    ordering = 'unordered',
    maxInFlight = 100,
    maxInFlightBytes = 128 * 1024 * 1024,
    notBefore,
  } = options;
  return new RecordDispatcher({
    handler,
    ordering,
    maxInFlight: typeof maxInFlight === 'number' ? () => maxInFlight : maxInFlight,
    maxInFlightBytes,
    notBefore,
    host,
  });
}

const noDeadLetters: DeadLetterSink = {
  publish: (_, error) =>
    Promise.reject(new DeadLettersExhaustedError(`there is no topic for dead letters: ${error.message}`)),
};

function throwUncaught(error: FatalConsumerError): void {
  setImmediate(() => {
    throw error;
  });
}
