import type { KafkaMessage } from 'kafkajs';
import type { ConsumedRecord, HeaderValue, TopicPartition } from '../record.ts';

/** A record of kafkajs as one of ours. */
export function recordOf({ topic, partition }: TopicPartition, message: KafkaMessage): ConsumedRecord {
  const raw = message.headers ?? {};
  const headers: Record<string, string> = {};
  const originalHeaders: Record<string, HeaderValue> = {};
  for (const name in raw) {
    const value = raw[name];
    if (value === undefined) continue;
    originalHeaders[name] = value;
    headers[name] = String(Array.isArray(value) ? value.at(-1) : value);
  }
  return {
    topic,
    partition,
    offset: Number(message.offset),
    key: message.key?.toString() ?? null,
    value: message.value,
    headers,
    timestampMs: Number(message.timestamp),
    original: { key: message.key, headers: originalHeaders },
  };
}
