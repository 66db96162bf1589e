import { expect, test } from '@jest/globals';
import type { TaskStatus } from '@nask/schemas';
import { eraseTask } from './erase-task.ts';
import type { VisibleTaskDocument } from './task-view.rules.ts';

async function erase(status: TaskStatus, projected: () => Promise<void> = async () => undefined) {
  const position = { topic: 'tasks.erased', partition: 1, offset: 7 };
  const published: number[] = [];
  const ports = {
    find: async () => ({ _id: 4, status }) as VisibleTaskDocument,
    async publish({ _id }: VisibleTaskDocument) {
      published.push(_id);
      return position;
    },
    projected,
  };
  const outcome = await eraseTask(ports, 4).catch((error: unknown) => (error as { code: string }).code);
  if (typeof outcome === 'string') return [outcome, published];
  expect(outcome.position).toBe(position);
  return [outcome.outcome, published];
}

test.each(['SUCCESS', 'FAILURE', 'REVOKED'] as const)('a task that has ended in %s is erased', async (status) => {
  expect(await erase(status)).toEqual(['erased', [4]]);
});

test.each(['PENDING', 'STARTED', 'RETRY'] as const)('a task that is %s is not', async (status) => {
  expect(await erase(status)).toEqual(['TASK_NOT_ENDED', []]);
});

test('given a read model that is behind, then the erasure is accepted all the same', async () => {
  expect(await erase('SUCCESS', () => Promise.reject(new Error('too late')))).toEqual(['accepted', [4]]);
});
