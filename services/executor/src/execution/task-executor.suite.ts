import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { eventually } from '@nask/testkit';
import type { TaskRequested } from '@nask/schemas';
import { HandedBackError } from '../domain/handed-back-error.ts';
import { ExecutorHarness, waitingPlaces, type OpenLog } from '../fixtures/executor-harness.ts';

/** What the executor promises, whatever log it writes to. */
export function describeTaskExecutor(logName: string, open: () => Promise<OpenLog>): void {
  describe(`the executor of tasks, writing to ${logName}`, () => {
    let harness: ExecutorHarness;

    beforeAll(async () => {
      harness = await ExecutorHarness.open(await open());
    }, 60_000);
    beforeEach(() => void harness.newExecutor());
    afterAll(() => harness.close());

    const request = (type: string, payload?: unknown) => harness.request(type, payload);
    const execute = (task: TaskRequested, signal?: AbortSignal) => harness.execute(task, signal);
    const eventsOf = (task: TaskRequested) => harness.eventsOf(task);

    describe('a requested task', () => {
      test.each([
        ['prime', 100, '541'],
        ['prime', 20_000, '224737'],
        ['fibonacci', 101, '"573147844013817084101"'],
        ['sleep', 0.001, '0.001'],
      ])('%s of %d starts once and ends once, with its result', async (type, input, result) => {
        const task = request(type, { input });
        await execute(task);
        const { started, completed } = await eventsOf(task);
        expect(started).toEqual([expect.objectContaining({ attempt: 1, executor: 'executor-a' })]);
        expect(completed).toEqual([
          expect.objectContaining({
            type,
            payload: task.payload,
            notify_url: task.notify_url,
            requested_at: 1_000,
            started_at: started[0]!.started_at,
            attempt: 1,
            executor: 'executor-a',
            outcome: 'SUCCESS',
            result,
            error: null,
          }),
        ]);
        expect(completed[0]!.completed_at).toBeGreaterThanOrEqual(started[0]!.started_at);
      });

      test.each([
        ['resize-image', {}, 'unknown-task-type'],
        ['prime', { input: 0 }, 'invalid-payload'],
      ])('%s with %j ends in FAILURE and never starts', async (type, payload, code) => {
        const task = request(type, payload);
        await execute(task);
        const { started, completed } = await eventsOf(task);
        expect(started).toEqual([]);
        expect(completed).toEqual([
          expect.objectContaining({
            attempt: 0,
            started_at: null,
            outcome: 'FAILURE',
            result: null,
            error: { code, message: expect.any(String) },
          }),
        ]);
      });

      test('whose handler throws ends in FAILURE with the reason', async () => {
        harness.script = () => {
          throw new Error('disk on fire');
        };
        const task = request('scripted');
        await execute(task);
        expect((await eventsOf(task)).completed).toEqual([
          expect.objectContaining({ outcome: 'FAILURE', error: { code: 'handler-failed', message: 'disk on fire' } }),
        ]);
      });

      test('whose result does not fit into a record with its payload ends in FAILURE', async () => {
        harness.script = ({ input }) => input;
        const task = request('scripted', { input: 'x'.repeat(500_000) });
        await execute(task);
        expect((await eventsOf(task)).completed).toEqual([
          expect.objectContaining({ outcome: 'FAILURE', error: expect.objectContaining({ code: 'result-too-large' }) }),
        ]);
      });

      test('has its start in the log before its handler begins to wait', async () => {
        const task = request('scripted');
        harness.script = async () => (await eventsOf(task)).started.length;
        await execute(task);
        expect((await eventsOf(task)).completed[0]!.result).toBe('1');
      });
    });

    describe('a second record of a task', () => {
      test('runs nothing while the first one runs, and after it', async () => {
        let runs = 0;
        const { promise, resolve } = Promise.withResolvers<void>();
        harness.script = () => {
          runs += 1;
          return promise;
        };
        const task = request('scripted');
        const both = [execute(task), execute(task)];
        resolve();
        await Promise.all(both);
        await execute(task);
        expect(runs).toBe(1);
        expect((await eventsOf(task)).completed).toHaveLength(1);
      });

      test('runs when the first one is handed back', async () => {
        const begun = Promise.withResolvers<void>();
        harness.script = () => {
          begun.resolve();
          harness.script = () => 'second';
          return new Promise(() => {});
        };
        const task = request('scripted');
        const first = new AbortController();
        const outcome = expect(execute(task, first.signal)).rejects.toThrow(HandedBackError);
        await begun.promise;
        const second = execute(task);
        first.abort();
        await Promise.all([outcome, second]);
        expect((await eventsOf(task)).completed).toEqual([expect.objectContaining({ result: '"second"' })]);
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
        expect(await eventsOf(task)).toEqual({ started: [], completed: [] });
      });
    });

    describe('many tasks', () => {
      test('waiting ones that stand in line hold up no computation', async () => {
        const end = Promise.withResolvers<void>();
        harness.script = () => end.promise;
        const waiting = Array.from({ length: 3 * waitingPlaces }, () => execute(request('scripted')));
        const computing = [1_000, 6_000, 7_000].map((input) => request('prime', { input }));
        await Promise.all(computing.map((task) => execute(task)));
        end.resolve();
        await Promise.all(waiting);
        const outcomes = (await Promise.all(computing.map(eventsOf))).flatMap(({ completed }) => completed);
        expect(outcomes.map(({ result }) => result)).toEqual(['7919', '59359', '70657']);
      });

      test('more waiting ones than there are places run so many at a time', async () => {
        let [running, most] = [0, 0];
        harness.script = async () => {
          most = Math.max(most, ++running);
          await new Promise(setImmediate);
          running--;
        };
        await Promise.all(Array.from({ length: 20 }, () => execute(request('scripted'))));
        expect(most).toBe(waitingPlaces);
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
  });
}
