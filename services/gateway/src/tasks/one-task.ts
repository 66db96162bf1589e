import type { Context } from 'koa';
import { TaskNotFoundError } from '../errors.ts';
import { parseTaskId } from './task-id.ts';
import { createRequestBound } from '../http/request-bound.ts';

type TaskContext = Context & { params: Record<string, string> };

/** The id in the path of one task. @throws TaskNotFoundError when it can be no task's */
export function taskIdOf(ctx: TaskContext): number {
  const id = parseTaskId(ctx.params['id'] ?? '');
  if (id === undefined) throw new TaskNotFoundError('There is no such task: ids of tasks are positive integers.');
  return id;
}

/** Does something with the task of the path that may have to wait for the read model, for so long at most. */
export async function withTask<T>(
  ctx: TaskContext,
  readWaitMs: number,
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
