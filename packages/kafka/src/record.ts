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
