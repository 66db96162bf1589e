import { describe, expect, test } from '@jest/globals';
import type { TaskRequested } from '@nask/schemas';
import { unknownTypeWaitMs, type ExecutorHarness } from '../fixtures/executor-harness.ts';
import type { Delivery } from '../recovery/task-memory.ts';
import { HandedBackError } from '../tasks/held-task.ts';
import { firstAttempt } from '../tasks/next-attempt.rules.ts';
import type { DeferrableRecord } from '../tasks/task-run.ts';

/** A task of a type that the executor lacks. */
export function describeDeferral(harness: ExecutorHarness): void {
  const { request, eventsOf } = harness;

  describe('a task of a type that this executor lacks', () => {
    const never = new AbortController().signal;
    const unknown = () => request('resize-image', {});
    const executeAs = (task: TaskRequested, record: Partial<DeferrableRecord>, delivery?: Delivery, signal = never) =>
      harness.executor.execute(task, {
        signal,
        ...(delivery === undefined ? {} : { delivery }),
        record: { sinceMs: undefined, defer: async () => {}, ...record },
      });
    const outcomesOf = async (task: TaskRequested) =>
      (await eventsOf(task)).completed.map(({ outcome, error }) => [outcome, error]);

    test('is deferred, since when is kept, and its next record is looked at', async () => {
      const task = unknown();
      const deferred: { sinceMs: number; dueMs: number }[] = [];
      const defer: DeferrableRecord['defer'] = async ({ sinceMs, dueMs }) => void deferred.push({ sinceMs, dueMs });
      const beforeMs = Date.now();
      await executeAs(task, { defer });
      await executeAs(task, { defer, sinceMs: deferred[0]!.sinceMs });
      expect(deferred[0]!.sinceMs).toBeGreaterThanOrEqual(beforeMs);
      expect(deferred[1]!.sinceMs).toBe(deferred[0]!.sinceMs);
      for (const { sinceMs, dueMs } of deferred) expect(dueMs).toBeGreaterThan(sinceMs);
      expect(await eventsOf(task)).toMatchObject({ started: [], completed: [] });
      expect(harness.executor.holds(task.task_id)).toBe(false);
    });

    test('fails once its time is over, and says how long it was deferred', async () => {
      const task = { ...unknown(), include_result: false, run_at: 900 };
      await executeAs(task, { sinceMs: Date.now() - unknownTypeWaitMs });
      const message = 'No handler for the task type resize-image. The task was deferred for 60 s.';
      expect(await outcomesOf(task)).toEqual([['FAILURE', { code: 'unknown-task-type', message, causes: [] }]]);
      expect((await eventsOf(task)).completed).toMatchObject([{ include_result: false, run_at: 900 }]);
    });

    test('fails at once when it has begun elsewhere', async () => {
      const task = unknown();
      await executeAs(task, {}, { next: { ...firstAttempt, startedAtMs: 1_000 }, mayHaveBegun: false });
      expect(await outcomesOf(task)).toEqual([['FAILURE', expect.objectContaining({ code: 'unknown-task-type' })]]);
    });

    test('ends as REVOKED when it is cancelled: before it is deferred, while, and after', async () => {
      const [before, meanwhile, after] = [unknown(), unknown(), unknown()];
      const refuse = () => Promise.reject(new Error('a cancelled task must not be deferred'));
      harness.executor.cancel(before.task_id);
      await executeAs(before, { defer: refuse });
      await executeAs(meanwhile, {
        defer: (_, signal) =>
          new Promise((_resolve, reject) => {
            signal.addEventListener('abort', () => reject(signal.reason as Error));
            setImmediate(() => harness.executor.cancel(meanwhile.task_id));
          }),
      });
      await executeAs(after, {});
      harness.executor.cancel(after.task_id);
      await executeAs(after, { sinceMs: Date.now() - 2 * unknownTypeWaitMs, defer: refuse });
      for (const task of [before, meanwhile, after]) expect(await outcomesOf(task)).toEqual([['REVOKED', null]]);
    });

    test('is handed back when its record is taken away before the copy is in the log', async () => {
      const task = unknown();
      const taken = new AbortController();
      const defer: DeferrableRecord['defer'] = async (_, signal) => {
        taken.abort();
        signal.throwIfAborted();
      };
      await expect(executeAs(task, { defer }, undefined, taken.signal)).rejects.toThrow(HandedBackError);
      expect(await outcomesOf(task)).toEqual([]);
    });
  });
}
