import { Ajv2020 } from 'ajv/dist/2020.js';
import type { JSONSchemaObject } from '@nask/schemas';
import { InvalidRequestError, type Fault } from '../errors.ts';
import { schemaFaults } from '../http/faults.rules.ts';

/** How many tasks one batch has at most. */
export const maxBatchTasks = 1000;

/**
 * JSON Schema of the body of `POST /api/tasks/batch`.
 * @param task the schema of one task; where a batch is checked, any: each task is answered for itself
 */
export function batchSchema(task: JSONSchemaObject): JSONSchemaObject {
  return {
    type: 'object',
    required: ['tasks'],
    additionalProperties: false,
    properties: { tasks: { type: 'array', minItems: 1, maxItems: maxBatchTasks, items: task } },
  };
}

const isBatch = new Ajv2020({ allErrors: true }).compile<{ tasks: unknown[] }>(batchSchema({}));

/**
 * What stands in a batch, unchecked.
 * @throws InvalidRequestError when it is no batch
 */
export function tasksOfBatch(body: unknown): readonly unknown[] {
  if (!isBatch(body)) throw new InvalidRequestError(schemaFaults(isBatch.errors ?? [], ''));
  return body.tasks;
}

/** The error of one task of a batch: its faults point into the body of the batch. */
export function errorInBatch(error: unknown, index: number): unknown {
  if (!(error instanceof InvalidRequestError)) return error;
  const faults = error.faults.map((fault): Fault =>
    'pointer' in fault ? { ...fault, pointer: `/tasks/${index}${fault.pointer}` } : fault,
  );
  return new InvalidRequestError(faults);
}
