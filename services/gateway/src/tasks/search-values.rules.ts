import { searchProperties, type JSONSchemaObject, type SearchProperty, type SearchValue } from '@nask/schemas';
import type { Fault } from '../errors.ts';

/** The values of a payload that its task can be found by, sorted by name; or why they cannot be stored as they are. */
export interface SearchValues {
  readonly values: SearchValue[];
  readonly faults: readonly Fault[];
}

const none: SearchValues = { values: [], faults: [] };

/**
 * Makes the function that extracts the searchable values of a type's payloads, once for each type.
 * @returns takes a payload that is valid by the schema; without searchable properties it allocates nothing
 */
export function createSearchExtractor(schema: JSONSchemaObject): (payload: unknown) => SearchValues {
  const properties = searchProperties(schema);
  return properties.length === 0 ? () => none : (payload) => extract(properties, payload);
}

function extract(properties: readonly SearchProperty[], payload: unknown): SearchValues {
  const values: SearchValue[] = [];
  const faults: Fault[] = [];
  for (const { name, path } of properties) {
    const found = valueAt(payload, path);
    if (found === undefined || found === null) continue;
    const value = typeof found === 'string' ? found : JSON.stringify(found);
    values.push({ name, value });
    // Avro strings are UTF-8, which would replace it by another character.
    if (!value.isWellFormed())
      faults.push({
        pointer: `/payload/${path.join('/')}`,
        detail: 'must not contain half surrogate pairs, since tasks can be searched by it',
      });
  }
  return { values, faults };
}

function valueAt(payload: unknown, path: readonly string[]): unknown {
  let value = payload;
  for (const name of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return undefined;
    value = (value as Record<string, unknown>)[name];
  }
  return value;
}
