import { retry, within } from '@nask/async';
import type { Admin } from 'kafkajs';
import { abandonableKafka, topicName, type KafkaConnection } from '../connection.ts';

/** Where a partition's log begins and ends. */
export interface LogEnd {
  /** Lowest offset that is still kept. */
  logStart: number;
  /** Offset that the next record will get. */
  logEnd: number;
}

/** Kafka did not say where a topic ends. */
export class LogEndsError extends Error {
  override readonly name = 'LogEndsError';
  readonly code = 'LOG_ENDS_UNAVAILABLE';
}

export interface LogEnds {
  /**
   * Where each partition of a topic ends, asked of Kafka after the call: every record that was acknowledged before the
   * call is below. All who call while a look-up is under way share the next one.
   * Rejects with LogEndsError, within twice the time-out: a look-up that is under way, and one's own.
   * @returns partition -> its ends
   */
  endOffsets(topic: string): Promise<ReadonlyMap<number, LogEnd>>;
  partitionCount(topic: string): Promise<number>;
  stop(): Promise<void>;
}

/** By partition. */
type Ends = ReadonlyMap<number, LogEnd>;

export function createLogEnds(
  connection: KafkaConnection,
  { timeoutMs = 2_000 }: { timeoutMs?: number } = {},
): LogEnds {
  const lookUps = new Map<string, () => Promise<Ends>>();
  let current: ReturnType<typeof connectAdmin> | undefined;
  let stopped = false;

  async function lookUp(topic: string): Promise<Ends> {
    if (stopped) throw new LogEndsError('The look-up of log ends is stopped');
    const used = (current ??= connectAdmin(connection));
    try {
      const asking = used.connected.then(() => topicEnds(used.admin, topicName(connection, topic), timeoutMs));
      return await within(timeoutMs, `looking up the end of ${topic}`, asking);
    } catch (error) {
      // Whatever it is stuck in ends with it.
      used.client.abandon();
      if (current === used) current = undefined;
      throw new LogEndsError(`Kafka did not say where ${topic} ends: ${(error as Error).message}`, { cause: error });
    }
  }

  function endOffsets(topic: string): Promise<Ends> {
    const shared = lookUps.get(topic) ?? shareNextRun(() => lookUp(topic));
    lookUps.set(topic, shared);
    return shared();
  }

  return {
    endOffsets,
    partitionCount: async (topic) => (await endOffsets(topic)).size,
    async stop() {
      stopped = true;
      current?.client.abandon();
    },
  };
}

function connectAdmin(connection: KafkaConnection) {
  const client = abandonableKafka(connection, { quiet: true, retry: { retries: 2 } });
  const admin = client.kafka.admin();
  return { client, admin, connected: admin.connect() };
}

/** What a broker answers that is about to lead a partition, or leads it no more. */
const passingErrors = new Set(['NOT_LEADER_FOR_PARTITION', 'LEADER_NOT_AVAILABLE', 'REPLICA_NOT_AVAILABLE']);
const retryMs = 50;

/**
 * Asks each partition's leader where its log begins and ends, again while the leader is moving or just taking over.
 * @param name the cluster's name of the topic
 * @param timeoutMs how long it may be asked again
 * @returns partition -> its ends. Rejects with kafkajs's error.
 */
export async function topicEnds(admin: Admin, name: string, timeoutMs: number): Promise<ReadonlyMap<number, LogEnd>> {
  const deadlineAtMs = performance.now() + timeoutMs;
  const partitions = await retry(() => admin.fetchTopicOffsets(name), {
    onFailure(error) {
      const { type } = error as { type?: string };
      if (type === undefined || !passingErrors.has(type) || performance.now() + retryMs > deadlineAtMs) throw error;
      return retryMs;
    },
  });
  return new Map(
    partitions.map(({ partition, low, high }) => [partition, { logStart: Number(low), logEnd: Number(high) }]),
  );
}

/**
 * Makes a question that many ask at once be asked once. A run under way began before the question, so its answer may
 * be older than what the asker has seen; all who ask meanwhile share the next run.
 * @param run asks; each time it is called the one before has ended
 */
export function shareNextRun<T>(run: () => Promise<T>): () => Promise<T> {
  let next: PromiseWithResolvers<T> | undefined;
  let working = false;

  async function work(): Promise<void> {
    working = true;
    while (next !== undefined) {
      const current = next;
      next = undefined;
      try {
        current.resolve(await run());
      } catch (error) {
        current.reject(error);
      }
    }
    working = false;
  }

  return () => {
    next ??= Promise.withResolvers<T>();
    const { promise } = next;
    if (!working) void work();
    return promise;
  };
}
