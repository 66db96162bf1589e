import type { JSONSchemaObject } from './json-schema.ts';
import { readJsonFolder } from './files.ts';

/** A task type: its name, and the JSON Schema (draft 2020-12) that its payload has to meet, limits included. */
export interface TaskType {
  readonly name: string;
  readonly payloadSchema: JSONSchemaObject;
}

/** Every task type there is, by name: one file in tasks/ each. */
export const taskTypes: ReadonlyMap<string, TaskType> = new Map(
  [...readJsonFolder<JSONSchemaObject>('tasks', '.json')].map(([name, payloadSchema]) => [
    name,
    { name, payloadSchema },
  ]),
);
