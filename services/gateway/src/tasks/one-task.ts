import { hash } from 'node:crypto';
import type { Context } from 'koa';
import { TaskNotFoundError } from '../errors.ts';
import { createRequestBound } from '../http/request-bounds.ts';
import type { ParameterObject } from '../http/route.ts';
import { taskIdSchema, viewOf, type VisibleTaskDocument } from './task-view.rules.ts';

type TaskContext = Context & { params: Record<string, string> };

/** The id in the path of one task. @throws TaskNotFoundError when it can be no task's */
export function taskIdOf(ctx: TaskContext): number {
  const id = parseTaskId(ctx.params['id'] ?? '');
  if (id === undefined) throw new TaskNotFoundError('There is no such task: ids of tasks are positive integers.');
  return id;
}

/** Runs `use` with the task id of the path; it may wait for the read model, for `readWaitMs` at most. */
export async function withTask<T>(
  ctx: TaskContext,
  { readWaitMs }: { readWaitMs: number },
  use: (id: number, startBound: () => AbortSignal) => Promise<T>,
): Promise<T> {
  const id = taskIdOf(ctx);
  const bound = createRequestBound(ctx.res, readWaitMs);
  try {
    return await use(id, bound.start);
  } finally {
    bound.end();
  }
}

/**
 * Reads a task id as it stands in a path: a positive decimal integer without sign or leading zeros.
 * @returns undefined when it is none, or is above 2^53 - 1, which no lease reaches
 */
export function parseTaskId(text: string): number | undefined {
  if (!/^[1-9]\d{0,15}$/.test(text)) return undefined;
  const id = Number(text);
  return Number.isSafeInteger(id) ? id : undefined;
}

/** Answers with a task, and its entity tag: the same for the same bytes, whichever gateway answers. */
export function answerTask(ctx: Context, document: VisibleTaskDocument): void {
  const body = JSON.stringify(viewOf(document));
  ctx.status = 200;
  ctx.type = 'json';
  ctx.body = body;
  ctx.set('ETag', `"${hash('sha1', body, 'base64url')}"`);
  ctx.set('Cache-Control', 'private, no-cache');
}

/** The parameter `{id}` of the paths of one task. */
export const taskIdParameter: ParameterObject = {
  name: 'id',
  in: 'path',
  required: true,
  description: 'Id of the task. What is no positive integer is the id of no task: 404.',
  schema: { ...taskIdSchema, examples: [1] },
};
