import { setTimeout as sleep } from 'node:timers/promises';
import type { Admin } from 'kafkajs';

/** Where a partition's log begins and ends. */
export interface LogEnd {
  /** Lowest offset that is still kept. */
  logStart: number;
  /** Offset that the next record will get. */
  logEnd: number;
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
  for (;;) {
    try {
      const partitions = await admin.fetchTopicOffsets(name);
      return new Map(
        partitions.map(({ partition, low, high }) => [partition, { logStart: Number(low), logEnd: Number(high) }]),
      );
    } catch (error) {
      const { type } = error as { type?: string };
      if (type === undefined || !passingErrors.has(type) || performance.now() + retryMs > deadlineAtMs) throw error;
      await sleep(retryMs);
    }
  }
}
