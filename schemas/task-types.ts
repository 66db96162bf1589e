import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv2020, type Options } from 'ajv/dist/2020.js';
import canonicalize from 'canonicalize';
import { readJsonFolder } from './files.ts';
import { searchKeyword, searchPropertyFaults } from './search-properties.rules.ts';

/** A JSON Schema that is an object (not `true` or `false`); validators such as ajv take it as it is. */
export type JSONSchemaObject = { readonly [keyword: string]: unknown };

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
  if (!existsSync(join(folder, 'tasks')))
    throw new Error(`${folder} has no folder tasks with the schemas of payloads.`);
  const added = typesIn(join(folder, 'tasks'));
  for (const name of added.keys())
    if (taskTypes.has(name)) throw new Error(`${folder}: there is a task type of the name ${name} already.`);
  return new Map([...taskTypes, ...added]);
}

/**
 * What is wrong with the task types of `taskTypesWith`, for people.
 * @returns one sentence a fault, with the file; none when gateways and executors can use all types
 */
export function taskTypeFaults(folder: string | undefined): string[] {
  try {
    return [...taskTypesWith(folder).values()].flatMap(({ name, payloadSchema }) => {
      const tasks = taskTypes.has(name) ? join(import.meta.dirname, 'tasks') : join(folder ?? '', 'tasks');
      const file = join(tasks, `${name}.json`);
      const fault = schemaFault(payloadSchema);
      if (fault !== undefined) return [`${file} is not a JSON Schema: ${fault}`];
      return searchPropertyFaults(payloadSchema).map((fault) => `${file}, ${fault}`);
    });
  } catch (error) {
    return [(error as Error).message];
  } finally {
    // All but the schema of schemas: the next check may have others of the same $id.
    ajv.removeSchema();
  }
}

/**
 * As strict as the executor: a keyword or format that nothing checks is a fault. One for all checks, because its first use
 * compiles the schema of schemas, which takes 40 ms.
 */
const ajv = createPayloadAjv({ logger: false });

/** A strict Ajv that knows the keywords of payload schemas, also our own. */
export function createPayloadAjv(options?: Omit<Options, 'strict'>): Ajv2020 {
  return new Ajv2020({ ...options, strict: true }).addKeyword({ keyword: searchKeyword, schemaType: 'boolean' });
}

/**
 * Names the version of a payload schema: the first 16 bytes of the SHA-256 of its canonical JSON (RFC 8785), in hexadecimal.
 * Schemas that differ in white space or in the order of their members have the same.
 */
export function payloadSchemaHash(schema: JSONSchemaObject): string {
  return createHash('sha256').update(canonicalize(schema)!).digest('hex').slice(0, 32);
}

function schemaFault(schema: unknown): string | undefined {
  if (typeof schema !== 'object' || schema === null || Array.isArray(schema)) return 'expected an object';
  try {
    ajv.compile(schema);
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}

function typesIn(folder: string): ReadonlyMap<string, TaskType> {
  const schemas = readJsonFolder<JSONSchemaObject>(folder, '.json');
  return new Map([...schemas].map(([name, payloadSchema]) => [name, { name, payloadSchema }]));
}
