import { expect, test } from '@jest/globals';
import type { ConsumedRecord } from '@nask/kafka';
import type { TaskRequested } from '@nask/schemas';
import { deferralHeaders } from './deferral/deferral.rules.ts';
import { onTaskDeferred } from './on-task-deferred.ts';
import { TaskMemory } from './recovery/task-memory.ts';
import type { TaskExecutor } from './tasks/task-executor.ts';

const record: ConsumedRecord = {
  topic: 'tasks.deferred',
  partition: 0,
  offset: 7,
  key: '1',
  value: Buffer.from('bytes'),
  headers: deferralHeaders({ sinceMs: 1, dueMs: 2 }),
  timestampMs: 0,
};

/** What happens to the record of task 1, whose type is here, in an executor that holds these tasks. */
async function handled({ held, withHeaders = true }: { held: number[]; withHeaders?: boolean }): Promise<string[]> {
  const done: string[] = [];
  const executor = { holds: (id) => held.includes(id), execute: async () => void done.push('executed') } as Pick<
    TaskExecutor,
    'holds' | 'execute'
  > as TaskExecutor;
  const moves = {
    defer: async () => void done.push('deferred'),
    bringBack: async () => void done.push('brought back'),
  };
  const handle = onTaskDeferred(executor, new TaskMemory(), { has: () => true }, moves);
  const { signal } = new AbortController();
  const read = () => ({ task_id: 1, type: 'sleep' }) as TaskRequested;
  await handle(withHeaders ? record : { ...record, headers: {} }, { signal, read });
  return done;
}

test('given a deferred task whose type is here, then it goes back to tasks.requested', async () => {
  expect(await handled({ held: [] })).toEqual(['brought back']);
});

test('given another record of the task that is open here, then this one is done', async () => {
  expect(await handled({ held: [1] })).toEqual([]);
});

test('given a record that does not say since when the task is deferred, then it is a dead letter', async () => {
  await expect(handled({ held: [], withHeaders: false })).rejects.toThrow('since when');
});
