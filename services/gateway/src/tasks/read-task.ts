import {
  jsonResponse,
  requestIdHeader,
  responses,
  type RouteHandler,
  type Operation,
  type ParameterObject,
} from '../http/route.ts';
import { schemaRef } from '../http/schema.rules.ts';
import {
  consistencyTokenParameter,
  consistentRead,
  readProblems,
  type ConsistentReadApi,
} from '../read-model/consistency.ts';
import type { FindTask } from '../read-model/find-task.ts';
import {
  appliedHeader,
  awaitTask,
  preferParameter,
  preferredWait,
  type AwaitTaskPorts,
  type WaitLimits,
} from '../read-model/preferred-wait.ts';
import { answerTask, taskIdParameter, withTask } from './one-task.ts';
import type { VisibleTaskDocument } from './task-view.rules.ts';

const ifNoneMatchParameter: ParameterObject = {
  name: 'If-None-Match',
  in: 'header',
  description:
    'Entity tags that the client has: 304 when the task is still so. With `Prefer: wait`, waits for a change.',
  schema: { type: 'string' },
};

const eTagHeader = { ETag: { $ref: '#/components/headers/ETag' } };

export const readTaskOperation: Operation = {
  operationId: 'getTask',
  summary: 'Read a task, or wait for it',
  description:
    'Finds every task that was accepted before the request: 404 means that it does not exist. `Prefer: wait=N` waits until the task has ended; with If-None-Match, until it has changed.',
  tags: ['tasks'],
  parameters: [taskIdParameter, preferParameter, ifNoneMatchParameter, consistencyTokenParameter],
  responses: responses(
    {
      200: jsonResponse('The task.', schemaRef('Task'), { headers: { ...eTagHeader, ...appliedHeader } }),
      304: {
        description: 'The task is as the client has it.',
        headers: { ...requestIdHeader, ...eTagHeader, ...appliedHeader },
      },
    },
    [...readProblems, 'task-not-found', 'task-erased'],
  ),
};

/** `GET /api/tasks/{id}`: with If-None-Match a wait is for any change, without it for the end of the task. */
export function readTask(
  api: { operations: { find: FindTask; awaiting: AwaitTaskPorts } } & ConsistentReadApi & WaitLimits,
): readonly RouteHandler[] {
  const { operations } = api;
  return [
    consistentRead(api),
    async (ctx) => {
      const task = await withTask(ctx, api, operations.find);
      const isModified = (document: VisibleTaskDocument) => {
        answerTask(ctx, document);
        return !ctx.fresh;
      };
      const isConditional = ctx.get('if-none-match') !== '';
      const awaited = await preferredWait(ctx, api, (signal) =>
        awaitTask(operations.awaiting, task._id, task, signal, isConditional ? isModified : undefined),
      );
      if (!isModified(awaited?.document ?? task)) ctx.status = 304;
    },
  ];
}
