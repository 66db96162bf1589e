import { describe, expect, test } from '@jest/globals';
import type { TaskRequested } from '@nask/schemas';
import { eventually } from '@nask/testkit';
import { waitingPlaces, type ExecutorHarness } from '../fixtures/executor-harness.ts';
import { RetryableTaskError } from '../task-types/handler.ts';
import { HandedBackError } from './held-task.ts';

/** What stops a task before its end: a cancellation, the loss of its record, the stop of the executor. */
export function describeStops(harness: ExecutorHarness): void {
  const { request, execute, eventsOf } = harness;

  describe('a task that is cancelled', () => {
    const cancel = (task: TaskRequested) => harness.executor.cancel(task.task_id);
    const expectRevoked = async (task: TaskRequested, attempt: number) =>
      expect((await eventsOf(task)).completed).toEqual([
        expect.objectContaining({ outcome: 'REVOKED', attempt, result: null, error: null }),
      ]);

    test('while it waits stops, and ends as REVOKED', async () => {
      const task = request('sleep', { input: 3_600 });
      const end = execute(task);
      await eventually(async () => expect((await eventsOf(task)).started).toHaveLength(1));
      cancel(task);
      await end;
      await expectRevoked(task, 1);
    });

    test('while it computes stops: its thread computes something else', async () => {
      // More than two threads compute until the first of them is seen here. (Reading the log takes longer than that.)
      const tasks = Array.from({ length: 40 }, () => request('prime', { input: 5_000_000 }));
      const ends = tasks.map((task) => execute(task));
      const hasBegun = ({ task_id }: TaskRequested) => harness.begun.has(task_id);
      await eventually(() => expect(tasks.filter(hasBegun).length).toBeGreaterThanOrEqual(2));
      for (const task of tasks) cancel(task);
      await Promise.all(ends);
      const outcomes = await Promise.all(tasks.map(async (task) => (await eventsOf(task)).completed[0]!.outcome));
      const stopped = tasks.filter((_, i) => outcomes[i] === 'REVOKED');
      expect(stopped.filter(hasBegun)).not.toEqual([]);
      // The others ended before they could be stopped.
      expect(tasks.filter((task) => !stopped.includes(task) && !hasBegun(task))).toEqual([]);
      const next = request('prime', { input: 10_000 });
      await execute(next);
      expect((await eventsOf(next)).completed[0]!.result).toBe('104729');
    });

    test('before it is delivered never begins', async () => {
      const task = request('sleep', { input: 3_600 });
      cancel(task);
      await execute(task);
      expect((await eventsOf(task)).started).toEqual([]);
      await expectRevoked(task, 0);
    });

    test('while it stands in line never begins', async () => {
      harness.script = (_, { signal }) => new Promise((resolve) => signal.addEventListener('abort', resolve));
      const tasks = Array.from({ length: waitingPlaces + 1 }, () => request('scripted'));
      const ends = tasks.map((task) => execute(task));
      const last = tasks.at(-1)!;
      await eventually(async () => {
        for (const task of tasks.slice(0, -1)) expect((await eventsOf(task)).started).toHaveLength(1);
      });
      cancel(last);
      await ends.at(-1);
      expect((await eventsOf(last)).started).toEqual([]);
      await expectRevoked(last, 0);
      for (const task of tasks) cancel(task);
      await Promise.all(ends);
    });

    test('between two attempts is not tried again', async () => {
      harness.declares = { retry: { baseDelayMs: 3_600_000, maxDelayMs: 3_600_000 } };
      harness.script = () => Promise.reject(new RetryableTaskError('not yet'));
      const task = request('scripted');
      const end = execute(task);
      await eventually(async () => expect((await eventsOf(task)).attemptsFailed).toHaveLength(1));
      cancel(task);
      await end;
      await expectRevoked(task, 1);
    });

    test('when it has ended stays as it is', async () => {
      const task = request('prime', { input: 1 });
      await execute(task);
      cancel(task);
      await execute(task);
      expect((await eventsOf(task)).completed).toEqual([expect.objectContaining({ outcome: 'SUCCESS' })]);
    });
  });

  describe('a task whose record is taken away', () => {
    test('stops and has no outcome here; where it runs next, its events have the same ids', async () => {
      const begun = Promise.withResolvers<AbortSignal>();
      harness.script = (_, { signal }) => {
        begun.resolve(signal);
        return new Promise(() => {});
      };
      const task = request('scripted');
      const record = new AbortController();
      const outcome = expect(execute(task, record.signal)).rejects.toThrow(HandedBackError);
      const handlerSignal = await begun.promise;
      record.abort();
      await outcome;
      expect(handlerSignal.aborted).toBe(true);
      expect((await eventsOf(task)).completed).toEqual([]);

      harness.script = () => 'elsewhere';
      harness.newExecutor();
      await execute(task);
      const { started, completed } = await eventsOf(task);
      expect(completed).toEqual([expect.objectContaining({ outcome: 'SUCCESS', result: '"elsewhere"' })]);
      expect(started).toHaveLength(2);
      expect(started[0]!.event_id).toBe(started[1]!.event_id);
    });

    test.each([
      ['waiting', 'sleep', 60],
      ['in a thread', 'prime', 5_000_000],
      ['tiny', 'prime', 1],
    ])('before it began (%s) is never run', async (_, type, input) => {
      const task = request(type, { input });
      await expect(execute(task, AbortSignal.abort())).rejects.toThrow(HandedBackError);
      expect(await eventsOf(task)).toMatchObject({ started: [], completed: [] });
    });
  });

  describe('an executor that drains', () => {
    test('ends what runs; hands back at once what has not begun, what ends too late, and what comes', async () => {
      const end = Promise.withResolvers<void>();
      let begun = 0;
      const allBegun = Promise.withResolvers<void>();
      harness.script = () => {
        if (++begun === waitingPlaces - 1) allBegun.resolve();
        return end.promise;
      };
      const late = request('sleep', { input: 3_600 });
      const lateEnd = expect(execute(late)).rejects.toThrow(HandedBackError);
      const running = Array.from({ length: waitingPlaces - 1 }, () => request('scripted'));
      const runningEnds = running.map((task) => execute(task));
      const inLine = request('scripted');
      const inLineEnd = expect(execute(inLine)).rejects.toThrow(HandedBackError);
      await allBegun.promise;

      const drained = harness.executor.drain(60_000);
      await Promise.all([lateEnd, inLineEnd]);
      const newcomer = request('prime', { input: 1 });
      await expect(execute(newcomer)).rejects.toThrow(HandedBackError);
      end.resolve();
      await Promise.all([drained, ...runningEnds]);

      const ends = async (task: TaskRequested) => (await eventsOf(task)).completed.length;
      expect(await Promise.all(running.map(ends))).toEqual(running.map(() => 1));
      expect(await Promise.all([late, inLine, newcomer].map(ends))).toEqual([0, 0, 0]);
    });

    test('hands back at once what has its start in the log and no thread yet', async () => {
      const threads = harness.occupyThreads();
      const task = request('prime', { input: 10_000 });
      const outcome = expect(execute(task)).rejects.toThrow(HandedBackError);
      await eventually(async () => expect((await eventsOf(task)).started).toHaveLength(1));
      await harness.executor.drain(60_000);
      await outcome;
      expect((await eventsOf(task)).completed).toEqual([]);
      await threads.release();
    });

    test('hands back what still runs when its time is up', async () => {
      const begun = Promise.withResolvers<void>();
      harness.script = () => {
        begun.resolve();
        return new Promise(() => {});
      };
      const task = request('scripted');
      const outcome = expect(execute(task)).rejects.toThrow(HandedBackError);
      await begun.promise;
      await harness.executor.drain(1);
      await outcome;
      expect((await eventsOf(task)).completed).toEqual([]);
    });

    test('is drained at once when it holds nothing', async () => {
      await harness.executor.drain(60_000);
      await expect(execute(request('prime', { input: 1 }))).rejects.toThrow(HandedBackError);
    });
  });
}
