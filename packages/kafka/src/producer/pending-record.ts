import { Buffer } from 'node:buffer';
import type { OutgoingRecord, Position } from '../record.ts';
import type { Queueable } from './batch-queue.ts';
import { ProducerError } from './producer-error.ts';

interface PendingRecordOptions {
  sizeBytes: number;
  alone: boolean;
  deadlineMs: number;
  /** Called once, when the deadline passed or an outcome came, whichever is first. */
  onSettled: (pending: PendingRecord, error: ProducerError | undefined) => void;
}

/** A record whose sender waits, until its outcome is known or its deadline is past. */
export class PendingRecord implements Queueable {
  readonly record: OutgoingRecord;
  readonly sizeBytes: number;
  readonly alone: boolean;
  /** On performance.now()'s clock. */
  readonly deadlineAtMs: number;
  readonly outcome: Promise<Position>;
  /** True once it may be on its way to Kafka. */
  handedOver = false;

  readonly #onSettled: PendingRecordOptions['onSettled'];
  readonly #deadlineMs: number;
  readonly #timer: NodeJS.Timeout;
  #settled = false;
  #resolve!: (position: Position) => void;
  #reject!: (error: ProducerError) => void;

  constructor(record: OutgoingRecord, { sizeBytes, alone, deadlineMs, onSettled }: PendingRecordOptions) {
    this.record = record;
    this.sizeBytes = sizeBytes;
    this.alone = alone;
    this.deadlineAtMs = performance.now() + deadlineMs;
    this.#deadlineMs = deadlineMs;
    this.#onSettled = onSettled;
    this.outcome = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    this.#timer = setTimeout(() => this.expire(), deadlineMs);
  }

  resolve(position: Position): void {
    if (this.#settle(undefined)) this.#resolve(position);
  }

  reject(error: ProducerError): void {
    if (this.#settle(error)) this.#reject(error);
  }

  /** Its deadline is past. */
  expire(): void {
    this.reject(this.#late());
  }

  #settle(error: ProducerError | undefined): boolean {
    if (this.#settled) return false;
    this.#settled = true;
    clearTimeout(this.#timer);
    this.#onSettled(this, error);
    return true;
  }

  #late(): ProducerError {
    const deadlineMs = this.#deadlineMs;
    const { topic } = this.record;
    return this.handedOver
      ? new ProducerError(
          'DEADLINE_EXCEEDED',
          `Kafka did not acknowledge a record for ${topic} within ${deadlineMs} ms`,
          {
            outcomeUnknown: true,
          },
        )
      : new ProducerError(
          'DEADLINE_EXCEEDED',
          `A record for ${topic} could not be sent within ${deadlineMs} ms: it was not written`,
        );
  }
}

/**
 * The most that a record takes besides its own bytes, in Kafka's record format v2: length (5), attributes (1),
 * timestamp delta (10), offset delta (5), lengths of key and value (5 each), number of headers (5); every figure is a
 * variable-length integer at its longest. https://kafka.apache.org/documentation/#record
 */
const recordOverheadBytes = 36;
/** Lengths of a header's name and value. */
const headerOverheadBytes = 10;

/** An upper bound of the bytes that a record takes in a batch, uncompressed. */
export function recordSizeBytes({ key, value, headers = {} }: OutgoingRecord): number {
  let bytes = recordOverheadBytes + Buffer.byteLength(key) + value.length;
  for (const [name, values] of Object.entries(headers))
    for (const text of Array.isArray(values) ? values : [values])
      bytes += headerOverheadBytes + Buffer.byteLength(name) + Buffer.byteLength(text ?? '');
  return bytes;
}
