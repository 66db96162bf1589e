import type { KafkaMessage } from 'kafkajs';
import type { ConsumedRecord, HeaderValue, TopicPartition } from '../record.ts';

/**
 * A record of kafkajs as one of ours, with bytes of its own: kafkajs's are views of the whole fetch, and one record that
 * is in hand for a day would keep megabytes. (Small ones share Node's pool, of which each keeps 8 KB at most.)
 */
export function recordOf({ topic, partition }: TopicPartition, message: KafkaMessage): ConsumedRecord {
  const bytes = new Bytes(sizeOf(message));
  const headers: Record<string, string> = {};
  const originalHeaders: Record<string, HeaderValue> = {};
  for (const name in message.headers) {
    const value = message.headers[name];
    if (value === undefined) continue;
    headers[name] = String(Array.isArray(value) ? value.at(-1) : value);
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

function sizeOf({ key, value, headers }: KafkaMessage): number {
  let size = (key?.length ?? 0) + (value?.length ?? 0);
  for (const name in headers) {
    const header = headers[name];
    if (Array.isArray(header)) for (const each of header) size += each.length;
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

  own<T extends Buffer | string>(part: T): T {
    if (typeof part === 'string') return part;
    const start = this.#end;
    this.#end += part.copy(this.#bytes, start);
    return this.#bytes.subarray(start, this.#end) as T;
  }
}
