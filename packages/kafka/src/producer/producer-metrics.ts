import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import type { ProducerErrorCode } from './producer-error.ts';

export interface ProducerMetrics {
  batchSent(records: number, seconds: number): void;
  failed(code: ProducerErrorCode): void;
}

/** The producer's metrics, or none. A registry holds the metrics of one producer. */
export function createProducerMetrics(registry: Registry | undefined, queueLength: () => number): ProducerMetrics {
  if (registry === undefined) return { batchSent() {}, failed() {} };
  const registers = [registry];
  const batchRecords = new Histogram({
    name: 'kafka_producer_batch_records',
    help: 'Records in a group commit',
    buckets: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000],
    registers,
  });
  const sendSeconds = new Histogram({
    name: 'kafka_producer_send_seconds',
    help: 'From handing a batch to Kafka until it was acknowledged',
    buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
    registers,
  });
  const errors = new Counter({
    name: 'kafka_producer_errors_total',
    help: 'Records that were not acknowledged, by code',
    labelNames: ['code'],
    registers,
  });
  const queue = new Gauge({
    name: 'kafka_producer_queue_records',
    help: 'Records that wait for the send in flight',
    registers,
    collect() {
      queue.set(queueLength());
    },
  });
  return {
    batchSent(records, seconds) {
      batchRecords.observe(records);
      sendSeconds.observe(seconds);
    },
    failed(code) {
      errors.inc({ code });
    },
  };
}
