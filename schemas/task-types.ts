import type { JSONSchemaObject } from './json-schema.ts';
import { join } from 'node:path';
import { readJsonFolder } from './files.ts';

/** A task type: its name, and the JSON Schema (draft 2020-12) that its payload has to meet, limits included. */
export interface TaskType {
  readonly name: string;
  readonly payloadSchema: JSONSchemaObject;
}

/** The project's own task types, by name: one file in tasks/ each. */
export const taskTypes: ReadonlyMap<string, TaskType> = typesIn('tasks');

/**
 * The project's own task types and, where there is such a folder, those in its tasks/: one file NAME.json each.
 * @param folder absolute path
 * @throws Error when the folder cannot be read, or has a type of a name that is taken
 */
export function taskTypesWith(folder: string | undefined): ReadonlyMap<string, TaskType> {
  if (folder === undefined) return taskTypes;
  const added = typesIn(join(folder, 'tasks'));
  for (const name of added.keys())
    if (taskTypes.has(name)) throw new Error(`${folder}: there is a task type of the name ${name} already.`);
  return new Map([...taskTypes, ...added]);
}

function typesIn(folder: string): ReadonlyMap<string, TaskType> {
  const schemas = readJsonFolder<JSONSchemaObject>(folder, '.json');
  return new Map([...schemas].map(([name, payloadSchema]) => [name, { name, payloadSchema }]));
}
