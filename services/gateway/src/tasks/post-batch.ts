import { Ajv2020 } from 'ajv/dist/2020.js';
import type { Logger, Position } from '@nask/kafka';
import type { JSONSchemaObject, TaskResource } from '@nask/schemas';
import type { ClientAccess } from '../access/client-access.ts';
import { InvalidRequestError, type Fault } from '../errors.ts';
import { bodyProblems, readJson } from '../http/bodies.ts';
import { inFlightLimit } from '../http/request-bounds.ts';
import { correlationOf, traceparentParameter, type Correlation } from '../http/observe.ts';
import { loggedProblemOf, type ProblemBody } from '../http/problems.ts';
import { jsonResponse, responses, type RouteHandler, type Operation } from '../http/route.ts';
import { schemaFaults, schemaRef } from '../http/schema.rules.ts';
import { idempotencyKeyOf, idempotencyKeyParameter } from '../idempotency/idempotency-key.ts';
import { setConsistencyToken, tokenHeader } from '../read-model/consistency.ts';
import type { AcceptOperations } from './post-task.ts';
import { pendingTask } from './task-view.rules.ts';

/** How many tasks one batch has at most. */
const maxBatchTasks = 1000;

/**
 * JSON Schema of the body of `POST /api/tasks/batch`.
 * @param task the schema of one task; where a batch is checked, any: each task is answered for itself
 */
function batchSchema(task: JSONSchemaObject): JSONSchemaObject {
  return {
    type: 'object',
    required: ['tasks'],
    additionalProperties: false,
    properties: { tasks: { type: 'array', minItems: 1, maxItems: maxBatchTasks, items: task } },
  };
}

/** How many batches are served at once: each may have a megabyte of body and as much on its way to Kafka. */
const maxBatchesInFlight = 16;

export const postBatchOperation: Operation = {
  operationId: 'createTasks',
  summary: 'Post many tasks',
  description: `Up to ${maxBatchTasks} tasks, each answered for itself, in their order: one that is refused does not keep the others from being accepted. An Idempotency-Key counts for each task in its place.`,
  tags: ['tasks'],
  parameters: [idempotencyKeyParameter, traceparentParameter],
  requestBody: {
    required: true,
    content: {
      'application/json': {
        schema: schemaRef('TaskBatch'),
        examples: {
          'two tasks': {
            value: {
              tasks: [
                { type: 'prime', payload: { input: 100 } },
                { type: 'fibonacci', payload: { input: 101 } },
              ],
            },
          },
        },
      },
    },
  },
  responses: responses(
    { 200: jsonResponse('What became of each of them.', schemaRef('TaskBatchResults'), { headers: tokenHeader }) },
    bodyProblems,
  ),
  schemas: {
    // What is no task does not spoil the others, so anything may stand in a batch.
    TaskBatch: batchSchema({
      anyOf: [schemaRef('NewTask'), { description: 'Anything else is answered 422 in its place.' }],
    }),
    TaskBatchResults: {
      type: 'object',
      required: ['results'],
      additionalProperties: false,
      properties: {
        results: { type: 'array', maxItems: maxBatchTasks, items: schemaRef('TaskBatchResult') },
      },
    },
    TaskBatchResult: {
      type: 'object',
      description: 'What a POST of this task alone would have been answered.',
      required: ['status'],
      additionalProperties: false,
      properties: {
        status: { type: 'integer', description: '202 when it was accepted.' },
        task: schemaRef('Task'),
        problem: schemaRef('Problem'),
      },
      oneOf: [{ required: ['task'] }, { required: ['problem'] }],
    },
  },
};

/** What became of one task of a batch: what a POST of it alone would have been answered. */
type BatchResult = { status: 202; task: TaskResource } | { status: number; problem: ProblemBody };

/** `POST /api/tasks/batch`: many tasks in one request, each answered for itself. */
export function postBatch(api: {
  operations: AcceptOperations;
  maxBatchBodyBytes: number;
  bodyTimeoutMs: number;
  access: ClientAccess;
  logger: Logger;
}): readonly RouteHandler[] {
  const { operations, access, logger } = api;
  const limits = { maxBodyBytes: api.maxBatchBodyBytes, bodyTimeoutMs: api.bodyTimeoutMs };

  async function resultOf(
    body: unknown,
    request: { index: number; key: string | undefined; correlation: Correlation; written: Position[] },
  ): Promise<BatchResult> {
    try {
      const task = operations.validate(body);
      const { id, position } = await operations.accept(task, request.correlation, request.key);
      if (position !== undefined) request.written.push(position);
      return { status: 202, task: pendingTask(id, task) };
    } catch (error) {
      const context = { logger, requestId: request.correlation.requestId };
      const { body: problem } = loggedProblemOf(errorInBatch(error, request.index), context);
      return { status: problem.status, problem };
    }
  }

  return [
    inFlightLimit(maxBatchesInFlight),
    async (ctx) => {
      const tasks = tasksOfBatch(await readJson(ctx, limits));
      access.charge(ctx, tasks.length - 1);
      const keyOf = idempotencyKeyOf(ctx);
      const correlation = correlationOf(ctx);
      const written: Position[] = [];
      const results = await Promise.all(
        tasks.map((task, index) => resultOf(task, { index, key: keyOf(index), correlation, written })),
      );
      setConsistencyToken(ctx, written);
      ctx.body = { results };
    },
  ];
}

const isBatch = new Ajv2020({ allErrors: true }).compile<{ tasks: unknown[] }>(batchSchema({}));

/**
 * What stands in a batch, unchecked.
 * @throws InvalidRequestError when it is no batch
 */
function tasksOfBatch(body: unknown): readonly unknown[] {
  if (!isBatch(body)) throw new InvalidRequestError(schemaFaults(isBatch.errors ?? [], ''));
  return body.tasks;
}

/** The error of one task of a batch: its faults point into the body of the batch. */
function errorInBatch(error: unknown, index: number): unknown {
  if (!(error instanceof InvalidRequestError)) return error;
  const faults = error.faults.map((fault): Fault =>
    'pointer' in fault ? { ...fault, pointer: `/tasks/${index}${fault.pointer}` } : fault,
  );
  return new InvalidRequestError(faults);
}
