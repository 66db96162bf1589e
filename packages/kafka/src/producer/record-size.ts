import { Buffer } from 'node:buffer';
import type { OutgoingRecord } from '../record.ts';

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
