import { expect, test } from '@jest/globals';
import type { TaskStatus } from '@nask/schemas';
import { cancelTask } from './cancel-task.ts';
import type { VisibleTaskDocument } from './task-view.rules.ts';

async function cancelled(status: TaskStatus) {
  const task = { _id: 4, status } as VisibleTaskDocument;
  let requests = 0;
  const position = { topic: 'tasks.cancellation-requested', partition: 1, offset: 2 };
  const requestCancellation = async () => {
    requests += 1;
    return position;
  };
  const ports = { find: async () => task, requestCancellation };
  const outcome = await cancelTask(ports, 4).catch((error: unknown) => error);
  return { task, position, outcome, requests };
}

test.each(['PENDING', 'STARTED', 'RETRY'] as const)('a task that is %s is cancelled', async (status) => {
  const { task, position, outcome, requests } = await cancelled(status);
  expect([outcome, requests]).toEqual([{ task, position }, 1]);
});

test.each(['SUCCESS', 'FAILURE', 'REVOKED'] as const)('a task that has ended in %s is not', async (status) => {
  const { outcome, requests } = await cancelled(status);
  expect([(outcome as { code: string }).code, requests]).toEqual(['TASK_ENDED', 0]);
});
