import type { KafkaMessage } from 'kafkajs';

/** A partition of a topic. `topic` is the catalogue's name, without the connection's prefix. */
export interface TopicPartition {
  topic: string;
  partition: number;
}

/** Where a record is in the log. */
export interface Position extends TopicPartition {
  offset: number;
}

/** Kafka allows a header to be there more than once, then its values are a list, and to have no value: null. */
export type HeaderValue = string | Buffer | null | (string | Buffer | null)[];

/** A record as it comes from Kafka, its key and headers read as UTF-8. */
export interface ConsumedRecord extends Position {
  key: string | null;
  value: Buffer | null;
  /** Of a header that is there more than once, the last value. Those without a value are left out. */
  headers: Record<string, string>;
  /** When the record was written, in milliseconds since 1970-01-01T00:00:00Z. */
  timestampMs: number;
  /** Key and headers as the log has them, for whoever must pass the record on unchanged. */
  original?: { key: Buffer | null; headers: Record<string, HeaderValue> };
}

/** A record to be written. Its partition follows from its key. */
export interface OutgoingRecord {
  topic: string;
  key: string;
  value: Buffer;
  headers?: Record<string, HeaderValue>;
}

/**
 * A record of kafkajs as one of ours, with bytes of its own: kafkajs's are views of the whole fetch, and one record that
 * is in hand for a day would keep megabytes. (Small ones share Node's pool, of which each keeps 8 KB at most.)
 */
export function recordOf({ topic, partition }: TopicPartition, message: KafkaMessage): ConsumedRecord {
  const received = headersOf(message);
  const bytes = new Bytes(sizeOf(message, received));
  // Without a prototype, for a header may have any name, "__proto__" too.
  const headers = Object.create(null) as Record<string, string>;
  const originalHeaders = Object.create(null) as Record<string, HeaderValue>;
  for (const name in received) {
    const value = received[name];
    if (value === undefined) continue;
    const last = Array.isArray(value) ? value.at(-1) : value;
    if (last != null) headers[name] = String(last);
    originalHeaders[name] = Array.isArray(value) ? value.map((each) => bytes.own(each)) : bytes.own(value);
  }
  return {
    topic,
    partition,
    offset: Number(message.offset),
    key: message.key?.toString() ?? null,
    value: message.value && bytes.own(message.value),
    headers,
    timestampMs: Number(message.timestamp),
    original: { key: message.key && bytes.own(message.key), headers: originalHeaders },
  };
}

/** kafkajs's types do not say that a header may have no value. */
function headersOf({ headers = {} }: KafkaMessage): Record<string, HeaderValue | undefined> {
  return headers;
}

function sizeOf({ key, value }: KafkaMessage, headers: Record<string, HeaderValue | undefined>): number {
  let size = (key?.length ?? 0) + (value?.length ?? 0);
  for (const name in headers) {
    const header = headers[name];
    if (Array.isArray(header)) for (const each of header) size += each?.length ?? 0;
    else size += header?.length ?? 0;
  }
  return size;
}

/** One allocation for all buffers of a record. */
class Bytes {
  readonly #bytes: Buffer;
  #end = 0;

  constructor(size: number) {
    this.#bytes = Buffer.allocUnsafe(size);
  }

  own<T extends Buffer | string | null>(part: T): T {
    if (part === null || typeof part === 'string') return part;
    const start = this.#end;
    this.#end += part.copy(this.#bytes, start);
    return this.#bytes.subarray(start, this.#end) as T;
  }
}
