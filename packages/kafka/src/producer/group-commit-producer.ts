import type { Registry } from 'prom-client';
import type { KafkaConnection } from '../connection.ts';
import type { Logger } from '../logger.ts';
import { BatchQueue } from './batch-queue.ts';
import { PendingRecord } from './pending-record.ts';
import { ProducerError } from './producer-error.ts';
import { createProducerMetrics } from './producer-metrics.ts';
import { recordSizeBytes } from './record-size.ts';
import { SendLoop } from './send-loop.ts';
import { createSession } from './session.ts';
import type { OutgoingRecord, Position } from '../record.ts';

export interface ProducerOptions {
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
}

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

export interface SendOptions {
  deadlineMs?: number;
}

/** How long a broker may take to answer before it is asked on another connection. */
const maxRequestTimeoutMs = 3_000;
const maxBatchRecords = 2_000;
const maxBatchBytes = 8 * 1024 * 1024;

/** A producer is started once and stopped once. */
export function createProducer(options: ProducerOptions): GroupCommitProducer {
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

  function enqueue(record: OutgoingRecord, alone: boolean, deadlineMs = defaultDeadlineMs): Promise<Position> {
    if (running === undefined || stopping)
      return reject(new ProducerError('STOPPED', `The producer is ${stopping ? 'stopping' : 'not started'}`));
    const sizeBytes = recordSizeBytes(record);
    if (sizeBytes > maxBatchBytesPerPartition)
      return reject(
        new ProducerError(
          'RECORD_TOO_LARGE',
          `A record for ${record.topic} takes ${sizeBytes} bytes; the limit is ${maxBatchBytesPerPartition}`,
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
    send: (record, sendOptions) => enqueue(record, false, sendOptions?.deadlineMs),
    sendAlone: (record, sendOptions) => enqueue(record, true, sendOptions?.deadlineMs),
    isHealthy: () => loop.healthy,
    async stop() {
      stopping = true;
      endWhenDrained();
      await running;
    },
  };
}
