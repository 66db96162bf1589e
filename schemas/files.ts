import { readdirSync, readFileSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import avro, { type schema } from 'avsc';
import type { EventName, Events, NewEvents } from './generated/events.ts';

/**
 * The one place where the contract reads its own files, once, when it is loaded.
 * Reads every JSON file in a folder: one beside this module, or an absolute path.
 * @returns file name without its extension -> parsed JSON, ascending by name
 * @throws Error naming the file that is not JSON
 */
export function readJsonFolder<T>(folder: string, extension: string): ReadonlyMap<string, T> {
  const directory = resolve(import.meta.dirname, folder);
  const names = readdirSync(directory)
    .filter((name) => name.endsWith(extension))
    .sort();
  return new Map(names.map((name) => [basename(name, extension), parse(join(directory, name)) as T]));
}

function parse(file: string): unknown {
  const text = readFileSync(file, 'utf8');
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new Error(`${file} is not JSON: ${(error as Error).message}`, { cause: error });
  }
}

/** The Avro schema of each event, as parsed JSON: what is registered, and what encodes and decodes. */
export const avroSchemas = Object.fromEntries(readJsonFolder<schema.RecordType>('events', '.avsc')) as Readonly<
  Record<EventName, schema.RecordType>
>;

/**
 * The examples of an event, as parsed JSON: a field that may be null has its value, without the name of its type.
 * @returns name of the example -> the event, ascending by name
 */
export function eventExamples<E extends EventName>(name: E): ReadonlyMap<string, Events[E]> {
  return readJsonFolder(join('examples', name), '.json');
}

/**
 * An event as its readers get it: with the defaults of the fields that were left out, also of nested records. For tests
 * and tools; it encodes and decodes the event.
 * @throws Error when the fields do not match the event's schema
 */
export function eventWithDefaults<E extends EventName>(name: E, fields: NewEvents[E]): Events[E] {
  const type = avro.Type.forSchema(avroSchemas[name]);
  return { ...(type.fromBuffer(type.toBuffer(fields)) as Events[E]) };
}
