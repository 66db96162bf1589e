import type { Registry } from 'prom-client';
import { backoffMs, createLimitedWarning, retry, type Backoff } from '@nask/async';
import type { KafkaConnection } from '../connection.ts';
import type { Logger } from '../logger.ts';
import { BatchQueue } from './batch-queue.ts';
import { PendingRecord, recordSizeBytes } from './pending-record.ts';
import { ProducerError } from './producer-error.ts';
import { createProducerMetrics } from './producer-metrics.ts';
import { SendLoop } from './send-loop.ts';
import { createSession } from './session.ts';
import type { OutgoingRecord, Position } from '../record.ts';

/**
 * Writes records to Kafka, acknowledged by all in-sync replicas, as many at once as have gathered while the batch
 * before was under way. Records of one key keep the order of their sends.
 */
export interface GroupCommitProducer {
  /** Connects in the background, and again whenever it has to: does not fail when Kafka is away. */
  start(): Promise<void>;
  /**
   * Resolves with the record's place in the log once Kafka acknowledged it. Rejects with a ProducerError: at once with
   * QUEUE_FULL, RECORD_TOO_LARGE or STOPPED, by its deadline otherwise. A record that was not on its way when its
   * deadline passed is not sent any more (`outcomeUnknown` is false).
   */
  send(record: OutgoingRecord, options?: SendOptions): Promise<Position>;
  /**
   * As `send`, in a batch of its own. Its offset is this record's and no other's: when the answer was lost and the
   * repeat is recognised, it is the offset of the first; when Kafka cannot say it, the send fails.
   */
  sendAlone(record: OutgoingRecord, options?: SendOptions): Promise<Position>;
  /** Whether Kafka answered the last time it was asked: by a send, or at least every 10 s. */
  isHealthy(): boolean;
  /** Takes no more, sends what is queued as long as its deadlines allow, disconnects. */
  stop(): Promise<void>;
}

interface SendOptions {
  deadlineMs?: number;
  /** Bytes that the record has to leave free below the limit, for copies of it with more headers. Default 0. */
  spareBytes?: number | undefined;
}

/** How long a broker may take to answer before it is asked on another connection. */
const maxRequestTimeoutMs = 3_000;
const maxBatchRecords = 2_000;
const maxBatchBytes = 8 * 1024 * 1024;

/** A producer is started once and stopped once. */
export function createProducer(options: {
  connection: KafkaConnection;
  logger: Logger;
  /** How long a send may take, from the call to Kafka's acknowledgement, unless it says otherwise. Default 10 s. */
  deadlineMs?: number;
  /** Most records that wait for the batch in flight. At the limit a send fails with QUEUE_FULL. Default 20,000. */
  maxQueuedRecords?: number;
  /** Most bytes that wait for the batch in flight. Default 64 MiB. */
  maxQueuedBytes?: number;
  /**
   * Most bytes of one partition's part of a batch, and of a record. The broker refuses more than its
   * `max.message.bytes`, 1,048,588 by default. Default 900,000.
   */
  maxBatchBytesPerPartition?: number;
  /** Gets the producer's metrics, `kafka_producer_*`. */
  metrics?: Registry;
}): GroupCommitProducer {
  const { connection, logger, deadlineMs: defaultDeadlineMs = 10_000, maxBatchBytesPerPartition = 900_000 } = options;
  const { maxQueuedRecords = 20_000, maxQueuedBytes = 64 * 1024 * 1024 } = options;

  const queue = new BatchQueue<PendingRecord>({ maxRecords: maxQueuedRecords, maxBytes: maxQueuedBytes });
  const metrics = createProducerMetrics(options.metrics, () => queue.size);
  const requestTimeoutMs = Math.min(maxRequestTimeoutMs, Math.ceil(defaultDeadlineMs / 2));
  const loop = new SendLoop({
    queue,
    batchLimits: {
      maxRecords: maxBatchRecords,
      maxBytes: maxBatchBytes,
      maxBytesPerPartition: maxBatchBytesPerPartition,
    },
    openSession: () => createSession(connection, { requestTimeoutMs }),
    logger,
    metrics,
    lookUpTimeoutMs: requestTimeoutMs,
  });

  let unsettled = 0;
  let running: Promise<void> | undefined;
  let stopping = false;

  function endWhenDrained(): void {
    if (stopping && unsettled === 0) loop.end();
  }

  function onSettled(pending: PendingRecord, error: ProducerError | undefined): void {
    unsettled -= 1;
    queue.remove(pending);
    if (error) metrics.failed(error.code);
    endWhenDrained();
  }

  function reject(error: ProducerError): Promise<never> {
    metrics.failed(error.code);
    return Promise.reject(error);
  }

  function enqueue(
    record: OutgoingRecord,
    alone: boolean,
    { deadlineMs = defaultDeadlineMs, spareBytes = 0 }: SendOptions = {},
  ): Promise<Position> {
    if (running === undefined || stopping)
      return reject(new ProducerError('STOPPED', `The producer is ${stopping ? 'stopping' : 'not started'}`));
    const sizeBytes = recordSizeBytes(record);
    const maxBytes = maxBatchBytesPerPartition - spareBytes;
    if (sizeBytes > maxBytes)
      return reject(
        new ProducerError(
          'RECORD_TOO_LARGE',
          `A record for ${record.topic} takes ${sizeBytes} bytes; the limit is ${maxBytes}`,
          { retryable: false },
        ),
      );
    if (!queue.hasRoomFor(sizeBytes))
      return reject(
        new ProducerError(
          'QUEUE_FULL',
          `${queue.size} records (${queue.bytes} bytes) wait to be sent; the limits are ${maxQueuedRecords} records and ${maxQueuedBytes} bytes`,
        ),
      );
    const pending = new PendingRecord(record, { sizeBytes, alone, deadlineMs, onSettled });
    unsettled += 1;
    queue.add(pending);
    loop.notify();
    return pending.outcome;
  }

  return {
    async start() {
      running ??= loop.run();
    },
    send: (record, sendOptions) => enqueue(record, false, sendOptions),
    sendAlone: (record, sendOptions) => enqueue(record, true, sendOptions),
    isHealthy: () => loop.healthy,
    async stop() {
      stopping = true;
      endWhenDrained();
      await running;
    },
  };
}

/**
 * Returns once a write is acknowledged.
 * @param write sends the same record at each call
 * @param about what to say of the record in a warning
 * @throws the signal's reason, between two attempts; a ProducerError RECORD_TOO_LARGE
 */
export type WriteUntilAcknowledged = (
  write: () => Promise<unknown>,
  signal: AbortSignal,
  about?: object,
) => Promise<void>;

const retryBackoff: Backoff = { initialMs: 100, maxMs: 1_500 };
/** With a full queue a send fails at once, and thousands may wait: each costs an attempt in 2 to 4 s. */
const queueFullBackoff: Backoff = { initialMs: 1_000, maxMs: 4_000 };

/**
 * Repeats writes, with backoff, until Kafka acknowledges them, for records that must not be lost. All writes together
 * warn once a second at most.
 */
export function createAcknowledgedWrites(logger: Logger): WriteUntilAcknowledged {
  const warn = createLimitedWarning(logger, 'Kafka did not acknowledge a record; it is sent again');
  return async (write, signal, about) => {
    await retry(write, {
      signal,
      onFailure(error, failures) {
        const code = error instanceof ProducerError ? error.code : undefined;
        if (code === 'RECORD_TOO_LARGE') throw error;
        const delayMs = backoffMs(code === 'QUEUE_FULL' ? queueFullBackoff : retryBackoff, failures, Math.random());
        warn({ err: error, ...about, failures, delayMs });
        return delayMs;
      },
    });
  };
}
