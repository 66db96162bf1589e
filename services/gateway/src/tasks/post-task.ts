import { hasEnded } from '@nask/schemas';
import { bodyProblems, readJson, type BodyLimits } from '../http/bodies.ts';
import { correlationOf, traceparentParameter } from '../http/observe.ts';
import { jsonResponse, responses, type RouteHandler, type Operation } from '../http/route.ts';
import { schemaRef } from '../http/schema.rules.ts';
import { idempotencyKeyOf, idempotencyKeyParameter, idempotencyProblems } from '../idempotency/idempotency-key.ts';
import { setConsistencyToken, tokenHeader } from '../read-model/consistency.ts';
import {
  awaitTask,
  preferParameter,
  preferredWait,
  type AwaitTaskPorts,
  type WaitLimits,
} from '../read-model/preferred-wait.ts';
import type { AcceptTask } from './accept-task.ts';
import type { NewTask } from './new-task.rules.ts';
import { answerTask } from './one-task.ts';
import { pendingTask } from './task-view.rules.ts';

/** Links to what can be asked of the task in an answer. */
const linksToTask = Object.fromEntries(
  ['getTask', 'cancelTask'].map((operationId) => [
    operationId,
    { operationId, parameters: { id: '$response.body#/id' } },
  ]),
);

export const postTaskOperation: Operation = {
  operationId: 'createTask',
  summary: 'Post a task',
  description:
    'The 202 is sent after Kafka acknowledged the task with acks=all: it will be run. With `Prefer: wait=N` the answer is 200 with the ended task, if it ends in time. A 503 `outcome-unknown` names the id that the task has if it was accepted.',
  tags: ['tasks'],
  parameters: [preferParameter, idempotencyKeyParameter, traceparentParameter],
  requestBody: {
    required: true,
    content: {
      'application/json': {
        schema: schemaRef('NewTask'),
        examples: {
          prime: { value: { type: 'prime', payload: { input: 100 } } },
          'sleep, with a webhook': {
            value: { type: 'sleep', notify_url: 'https://example.com/done', payload: { input: 0.5 } },
          },
          'fibonacci, with tags, and a webhook without the result': {
            value: {
              type: 'fibonacci',
              notify_url: 'https://example.com/done',
              payload: { input: 100000 },
              tags: ['tenant=acme', 'nightly'],
              include_result: false,
            },
          },
        },
      },
    },
  },
  responses: responses(
    {
      200: jsonResponse('The task was accepted, and has ended: the client preferred to wait.', schemaRef('Task'), {
        headers: {
          Location: { $ref: '#/components/headers/Location' },
          'Preference-Applied': { $ref: '#/components/headers/Preference-Applied' },
          ...tokenHeader,
        },
      }),
      202: jsonResponse('The task was accepted.', schemaRef('Task'), {
        headers: {
          Location: { $ref: '#/components/headers/Location' },
          'Preference-Applied': { $ref: '#/components/headers/Preference-Applied' },
          ...tokenHeader,
        },
        links: linksToTask,
        example: { id: 1, type: 'prime', status: 'PENDING', payload: { input: 100 } },
      }),
    },
    [...bodyProblems, ...idempotencyProblems, 'not-accepted', 'outcome-unknown'],
  ),
};

/** What it takes to accept a task. */
export interface AcceptOperations {
  /** The task of a parsed body. @throws InvalidRequestError */
  validate(body: unknown): NewTask;
  accept: AcceptTask;
}

/** `POST /api/tasks`: accepts a task; with `Prefer: wait` the answer waits until it has ended. */
export function postTask(
  api: { operations: AcceptOperations & { awaiting: AwaitTaskPorts } } & BodyLimits & WaitLimits,
): RouteHandler {
  const { operations } = api;
  return async (ctx) => {
    const task = operations.validate(await readJson(ctx, api));
    const { id, position } = await operations.accept(task, correlationOf(ctx), idempotencyKeyOf(ctx)());
    setConsistencyToken(ctx, position === undefined ? [] : [position]);
    ctx.set('Location', `/api/tasks/${id}`);
    // Whatever becomes of the wait: the task is accepted.
    const awaited = await preferredWait(ctx, api, (signal) => awaitTask(operations.awaiting, id, undefined, signal));
    if (awaited?.document !== undefined && hasEnded(awaited.document.status)) {
      ctx.set('Content-Location', `/api/tasks/${id}`);
      answerTask(ctx, awaited.document);
      return;
    }
    ctx.status = 202;
    ctx.body = pendingTask(id, task);
  };
}
