import { describe, expect, test } from '@jest/globals';
import { eventually } from '@nask/testkit';
import { waitingPlaces, type ExecutorHarness } from '../fixtures/executor-harness.ts';
import { RetryableTaskError } from '../task-types/handler.ts';
import { HandedBackError } from './held-task.ts';
import { firstAttempt } from './next-attempt.rules.ts';

/** Attempts of a task, and their time limit. */
export function describeAttempts(harness: ExecutorHarness): void {
  const { request, execute, eventsOf } = harness;

  describe('a task whose handler fails and can be tried again', () => {
    const quickly = (maxAttempts: number) => ({ retry: { maxAttempts, baseDelayMs: 2, maxDelayMs: 2 } });

    test('is tried again, each attempt with its number, until it succeeds', async () => {
      harness.declares = quickly(5);
      harness.script = (_, { attempt }) => {
        if (attempt < 3) throw new RetryableTaskError(`not yet ${attempt}`, { code: 'EBUSY', cause: 'locked' });
        return attempt;
      };
      const task = request('scripted');
      await execute(task);
      const { started, attemptsFailed, completed } = await eventsOf(task);
      expect(started.map(({ attempt }) => attempt)).toEqual([1, 2, 3]);
      expect(new Set(started.map(({ taken_at }) => taken_at)).size).toBe(1);
      const causes = [{ name: '', message: 'locked' }];
      expect(attemptsFailed).toEqual([
        expect.objectContaining({ attempt: 1, error: { code: 'EBUSY', message: 'not yet 1', causes } }),
        expect.objectContaining({ attempt: 2, error: { code: 'EBUSY', message: 'not yet 2', causes } }),
      ]);
      for (const { failed_at, next_attempt_at } of attemptsFailed) expect(next_attempt_at).toBeGreaterThan(failed_at);
      expect(started[1]!.started_at).toBeGreaterThanOrEqual(attemptsFailed[0]!.next_attempt_at);
      expect(completed).toEqual([
        expect.objectContaining({ attempt: 3, outcome: 'SUCCESS', result: '3', started_at: started[2]!.started_at }),
      ]);
    });

    test('ends in FAILURE with the last error when its attempts are used up', async () => {
      harness.declares = quickly(2);
      harness.script = (_, { attempt }) => Promise.reject(new RetryableTaskError(`failed ${attempt}`));
      const task = request('scripted');
      await execute(task);
      const { attemptsFailed, completed } = await eventsOf(task);
      expect(attemptsFailed).toHaveLength(1);
      expect(completed).toEqual([
        expect.objectContaining({
          attempt: 2,
          outcome: 'FAILURE',
          error: { code: 'handler-failed', message: 'failed 2', causes: [] },
        }),
      ]);
    });

    test('takes no place while it waits, and is handed back at once when the executor drains', async () => {
      harness.declares = { retry: { baseDelayMs: 3_600_000, maxDelayMs: 3_600_000 } };
      harness.script = () => Promise.reject(new RetryableTaskError('not yet'));
      const waiting = Array.from({ length: 2 * waitingPlaces }, () => request('scripted'));
      const ends = Promise.allSettled(waiting.map((task) => execute(task)));
      await eventually(async () => {
        for (const task of waiting) expect((await eventsOf(task)).attemptsFailed).toHaveLength(1);
      });
      const other = request('sleep', { input: 0.001 });
      await execute(other);
      expect((await eventsOf(other)).completed).toHaveLength(1);
      await harness.executor.drain(60_000);
      for (const end of await ends) expect(end).toMatchObject({ reason: expect.any(HandedBackError) });
    });

    test('goes on with the attempt that the log says is next, not before it is due', async () => {
      harness.script = (_, { attempt }) => attempt;
      const task = request('scripted');
      const dueAtMs = Date.now() + 20;
      await execute(task, undefined, { next: { ...firstAttempt, attempt: 3, dueAtMs } });
      const { started, completed } = await eventsOf(task);
      expect(completed).toEqual([expect.objectContaining({ attempt: 3, result: '3' })]);
      expect(started[0]!.started_at).toBeGreaterThanOrEqual(dueAtMs);
    });
  });

  describe('a task that takes too long', () => {
    test.each([
      ['its type', { timeLimitMs: 5 }, null],
      ['the request', {}, 5],
      ['the request, and its type more', { timeLimitMs: 3_600_000 }, 5],
    ])('for %s ends in FAILURE', async (_, declares, timeoutMs) => {
      harness.declares = declares;
      harness.script = () => new Promise(() => {});
      const task = request('scripted', {}, timeoutMs);
      await execute(task);
      expect((await eventsOf(task)).completed).toEqual([
        expect.objectContaining({ outcome: 'FAILURE', error: expect.objectContaining({ code: 'timed-out' }) }),
      ]);
    });

    test('in a thread is stopped there, and the thread computes again', async () => {
      const long = request('prime', { input: 5_000_000 }, 1);
      await execute(long);
      expect((await eventsOf(long)).completed[0]!.error).toMatchObject({ code: 'timed-out' });
      const others = Array.from({ length: 4 }, () => request('prime', { input: 10_000 }));
      await Promise.all(others.map((task) => execute(task)));
      for (const task of others) expect((await eventsOf(task)).completed[0]!.result).toBe('104729');
    });
  });
}
