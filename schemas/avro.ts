import type { schema } from 'avsc';
import { readJsonFolder } from './files.ts';
import type { EventName } from './generated/events.ts';

/** The Avro schema of each event, as parsed JSON: what is registered, and what encodes and decodes. */
export const avroSchemas = Object.fromEntries(readJsonFolder<schema.RecordType>('events', '.avsc')) as Readonly<
  Record<EventName, schema.RecordType>
>;
