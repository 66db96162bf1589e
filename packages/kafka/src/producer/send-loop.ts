import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';
import { TimeoutError, within } from '@nask/async';
import type { Logger } from '../logger.ts';
import type { BatchLimits, BatchQueue } from './batch-queue.ts';
import { PartitionCounts, unknownTopicRetryMs } from './partitions.ts';
import type { PendingRecord } from './pending-record.ts';
import { refused } from './producer-error.ts';
import type { ProducerMetrics } from './producer-metrics.ts';
import type { ProducerSession } from './session.ts';

interface SendLoopOptions {
  queue: BatchQueue<PendingRecord>;
  batchLimits: BatchLimits;
  openSession: () => ProducerSession;
  logger: Logger;
  metrics: ProducerMetrics;
  /** How long Kafka may take for a look-up. */
  lookUpTimeoutMs: number;
}

const connectTimeoutMs = 4_000;
/** How often Kafka is asked for something when nothing is sent, so that its absence is noticed; and partition counts. */
const checkIntervalMs = 10_000;
const closeTimeoutMs = 2_000;
const maxReconnectDelayMs = 1_000;

/**
 * Group commit: takes what has gathered in the queue, sends it as one batch, waits for its acknowledgement, takes what
 * has gathered meanwhile. One batch is under way at a time, which is what keeps each partition's order. A session
 * that failed once is replaced; the records that wait in the queue are for the next one.
 */
export class SendLoop {
  readonly #options: SendLoopOptions;
  readonly #ended = new AbortController();
  #session: ProducerSession | undefined;
  #wake: () => void = () => {};
  #healthy = false;

  constructor(options: SendLoopOptions) {
    this.#options = options;
  }

  /** Whether Kafka answered the last time it was asked. */
  get healthy(): boolean {
    return this.#healthy;
  }

  /** There is something in the queue. */
  notify(): void {
    this.#wake();
  }

  /** To be called once, when nobody waits for a record any more: lets `run` return. */
  end(): void {
    this.#ended.abort();
    this.#wake();
    if (!this.#healthy) this.#session?.abandon();
  }

  /** Returns after `end`. Never rejects. */
  async run(): Promise<void> {
    const { logger, openSession } = this.#options;
    let failures = 0;
    while (!this.#ended.signal.aborted) {
      const session = openSession();
      this.#session = session;
      try {
        await within(connectTimeoutMs, 'connecting to Kafka', session.connect());
        logger.debug('producer connected');
        this.#healthy = true;
        await this.#serve(session, () => (failures = 0));
        await session.close(closeTimeoutMs);
      } catch (error) {
        session.abandon();
        if (this.#ended.signal.aborted) break;
        this.#healthy = false;
        logger.warn({ err: error }, 'producing failed: continuing with a new producer');
        await this.#pause(Math.min(maxReconnectDelayMs, 50 * 2 ** Math.min(failures++, 10)));
      }
    }
    this.#healthy = false;
  }

  /** Sends until the end. Rejects when the session is not to be used any more. */
  async #serve(session: ProducerSession, onProgress: () => void): Promise<void> {
    const { queue, batchLimits, lookUpTimeoutMs } = this.#options;
    const partitions = new PartitionCounts((topic) => session.partitionCount(topic));
    let heardAtMs = performance.now();

    while (!this.#ended.signal.aborted) {
      if (performance.now() - heardAtMs >= checkIntervalMs) {
        const check = async () => {
          await session.ping();
          await partitions.refresh(performance.now());
        };
        await within(lookUpTimeoutMs, 'asking Kafka for its partitions', check());
        heardAtMs = performance.now();
      }

      const unknown = new Set<string>();
      const batch = queue.take(batchLimits, ({ record }) => {
        const partition = partitions.partitionOf(record);
        if (partition === undefined) unknown.add(record.topic);
        return partition === undefined ? undefined : `${record.topic}/${partition}`;
      });

      if (batch.length > 0) {
        await this.#send(session, partitions, batch);
        onProgress();
        // What this turn of the event loop still brings goes along: under load that makes fewer and larger sends.
        await nextTurn();
      }
      // Also when there is always more to send: a busy topic must not keep a new one waiting.
      const found =
        unknown.size > 0 &&
        (await within(
          lookUpTimeoutMs,
          'asking Kafka for its partitions',
          partitions.lookUp(unknown, performance.now()),
        ));
      if (batch.length > 0 || found) continue;
      await this.#idle(unknown.size > 0 ? unknownTopicRetryMs : heardAtMs + checkIntervalMs - performance.now());
    }
  }

  async #send(session: ProducerSession, partitions: PartitionCounts, batch: PendingRecord[]): Promise<void> {
    const { metrics } = this.#options;
    const startedAtMs = performance.now();
    const records = batch.map((pending) => {
      pending.handedOver = true;
      return { record: pending.record, partition: partitions.partitionOf(pending.record)! };
    });
    const lastDeadlineAtMs = Math.max(...batch.map(({ deadlineAtMs }) => deadlineAtMs));
    try {
      const offsets = await within(lastDeadlineAtMs - startedAtMs, 'sending to Kafka', session.send(records));
      batch.forEach((pending, index) => {
        const { partition } = records[index]!;
        pending.resolve({ topic: pending.record.topic, partition, offset: offsets[index]! });
      });
      metrics.batchSent(batch.length, (performance.now() - startedAtMs) / 1000);
    } catch (error) {
      for (const pending of batch) {
        if (error instanceof TimeoutError) pending.expire();
        else pending.reject(refused(error));
      }
      throw error;
    }
  }

  /** Waits for something to do, but no longer than that. */
  #idle(timeoutMs: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, Math.max(0, timeoutMs));
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  /** Waits that long, whatever there is to do, unless the end comes. */
  async #pause(delayMs: number): Promise<void> {
    try {
      await sleep(delayMs, undefined, { signal: this.#ended.signal });
    } catch {
      // The end came.
    }
  }
}
