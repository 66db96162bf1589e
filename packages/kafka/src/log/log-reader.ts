import type { Broker, Cluster } from 'kafkajs';
import { within } from '@nask/async';
import { topicName, type KafkaConnection } from '../connection.ts';
import { recordOf, type ConsumedRecord, type TopicPartition } from '../record.ts';
import { connectGroupless, fetchMessages, type Fetched, type GrouplessCluster } from './groupless-cluster.ts';

/** A slice of a log could not be read. Trying again may help. */
class LogReadError extends Error {
  override readonly name = 'LogReadError';
  readonly code = 'LOG_READ_FAILED';
}

/** Where to begin in a partition. */
export type SliceStart =
  /** With this offset, or the log's start when that is behind it. */
  | { readonly offset: number }
  /** With the first record that was written at that time or later, in ms since 1970; at least with the last so many offsets. */
  | { readonly timestampMs: number; readonly last?: number }
  /** With the last so many offsets. */
  | { readonly last: number };

/** Reads slices of logs apart from any consumer group: what has been written to a partition, and then no more. */
export interface LogReader {
  /**
   * The records of a partition from a start to its end as it is at the call; what is written later is left out.
   * One fetch of at most `maxFetchBytes` (or one record, where that is larger) is in memory at a time.
   * Throws LogReadError, each step within the time-out.
   */
  read(partition: TopicPartition, from: SliceStart): AsyncGenerator<ConsumedRecord, void, undefined>;
  stop(): Promise<void>;
}

export function createLogReader(
  connection: KafkaConnection,
  {
    timeoutMs = 4_000,
    maxFetchBytes = 1024 * 1024,
  }: {
    /** How long one request may take. Default 4,000. */
    timeoutMs?: number;
    /** Default 1 MiB. */
    maxFetchBytes?: number;
  } = {},
): LogReader {
  let current: GrouplessCluster | undefined;
  let stopped = false;

  /** A request that fails ends the connection: whatever it is stuck in ends with it, and the next one connects anew. */
  async function ask<T>(what: string, request: (cluster: Cluster) => Promise<T>): Promise<T> {
    if (stopped) throw new LogReadError('The reader is stopped');
    const used = (current ??= connectGroupless(connection));
    try {
      return await within(timeoutMs, what, used.connected.then(request));
    } catch (error) {
      used.abandon();
      if (current === used) current = undefined;
      throw new LogReadError(`${what} failed: ${(error as Error).message}`, { cause: error });
    }
  }

  async function boundsOf(name: string, partition: number): Promise<{ logStart: number; logEnd: number }> {
    return ask(`asking for the ends of ${name}/${partition}`, async (cluster) => {
      await cluster.addTargetTopic(name);
      const [logStart, logEnd] = await Promise.all([
        offsetOf(cluster, name, partition, { fromBeginning: true }),
        offsetOf(cluster, name, partition, { fromBeginning: false }),
      ]);
      return { logStart, logEnd };
    });
  }

  async function startOf(name: string, partition: number, from: SliceStart, logStart: number, logEnd: number) {
    if ('offset' in from) return Math.max(from.offset, logStart);
    const last = Math.max(logEnd - (from.last ?? 0), logStart);
    if (!('timestampMs' in from)) return last;
    const offset = await ask(`asking for a time in ${name}/${partition}`, (cluster) =>
      offsetOf(cluster, name, partition, { fromTimestamp: Math.max(0, Math.floor(from.timestampMs)) }),
    );
    // -1: nothing was written then or later.
    return offset < 0 ? last : Math.min(offset, last);
  }

  async function fetchFrom(name: string, partition: number, offset: number): Promise<Fetched> {
    return ask(`reading ${name}/${partition} from ${offset}`, async (cluster) => {
      const broker = await leaderOf(cluster, name, partition);
      const limits = { maxWaitMs: 100, maxBytes: maxFetchBytes };
      const [fetched] = await fetchMessages(broker, [{ topic: name, partition, offset }], limits);
      return fetched!;
    });
  }

  return {
    async *read({ topic, partition }, from) {
      const name = topicName(connection, topic);
      const { logStart, logEnd } = await boundsOf(name, partition);
      let offset = await startOf(name, partition, from, logStart, logEnd);
      while (offset < logEnd) {
        const { messages, isGap } = await fetchFrom(name, partition, offset);
        // How far the gap goes is not said.
        if (isGap) offset += 1;
        // Behind the last record there may be offsets that the log has no record for.
        else if (messages.length === 0) return;
        for (const message of messages) {
          offset = Number(message.offset) + 1;
          if (offset > logEnd) return;
          if (message.isControlRecord !== true) yield recordOf({ topic, partition }, message);
        }
      }
    },
    async stop() {
      stopped = true;
      current?.abandon();
    },
  };
}

async function offsetOf(
  cluster: Cluster,
  topic: string,
  partition: number,
  at: { fromBeginning: boolean } | { fromTimestamp: number },
): Promise<number> {
  const [found] = await cluster.fetchTopicsOffset([{ topic, partitions: [{ partition }], ...at }]);
  const offset = found?.partitions[0]?.offset;
  if (offset === undefined) throw new Error(`no broker said where ${topic}/${partition} is`);
  return Number(offset);
}

async function leaderOf(cluster: Cluster, topic: string, partition: number): Promise<Broker> {
  const [leader] = Object.keys(cluster.findLeaderForPartitions(topic, [partition]));
  if (leader === undefined) throw new Error(`${topic}/${partition} has no leader`);
  return cluster.findBroker({ nodeId: leader });
}
