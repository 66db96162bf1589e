import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { eventually } from '@nask/testkit';
import type { TaskRequested } from '@nask/schemas';
import { RetryableTaskError } from '../task-types/handler.ts';
import { firstAttempt } from './next-attempt.rules.ts';
import { HandedBackError } from './held-task.ts';
import type { Delivery } from '../recovery/task-memory.ts';
import type { DeferrableRecord } from './task-run.ts';
import { ExecutorHarness, unknownTypeWaitMs, waitingPlaces, type OpenLog } from '../fixtures/executor-harness.ts';

/** What the executor promises, whatever log it writes to. */
export function describeTaskExecutor(logName: string, open: () => Promise<OpenLog>): void {
  describe(`the executor of tasks, writing to ${logName}`, () => {
    let harness: ExecutorHarness;

    beforeAll(async () => {
      harness = await ExecutorHarness.open(await open());
    }, 60_000);
    beforeEach(() => {
      harness.newExecutor();
      harness.declares = {};
      harness.takeEnd = async () => {};
    });
    afterAll(() => harness.close());

    const request = (type: string, payload?: unknown) => harness.request(type, payload);
    const execute = (task: TaskRequested, signal?: AbortSignal, delivery?: Partial<Delivery>) =>
      harness.execute(task, signal, delivery);
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
        const task = unknown();
        await executeAs(task, { sinceMs: Date.now() - unknownTypeWaitMs });
        const message = 'No handler for the task type resize-image. The task was deferred for 60 s.';
        expect(await outcomesOf(task)).toEqual([['FAILURE', { code: 'unknown-task-type', message }]]);
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

    describe('a task whose handler fails and can be tried again', () => {
      const quickly = (maxAttempts: number) => ({ retry: { maxAttempts, baseDelayMs: 2, maxDelayMs: 2 } });

      test('is tried again, each attempt with its number, until it succeeds', async () => {
        harness.declares = quickly(5);
        harness.script = (_, { attempt }) => {
          if (attempt < 3) throw new RetryableTaskError(`not yet ${attempt}`, { code: 'busy' });
          return attempt;
        };
        const task = request('scripted');
        await execute(task);
        const { started, attemptsFailed, completed } = await eventsOf(task);
        expect(started.map(({ attempt }) => attempt)).toEqual([1, 2, 3]);
        expect(attemptsFailed).toEqual([
          expect.objectContaining({ attempt: 1, error: { code: 'busy', message: 'not yet 1' } }),
          expect.objectContaining({ attempt: 2, error: { code: 'busy', message: 'not yet 2' } }),
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
            error: { code: 'handler-failed', message: 'failed 2' },
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
        const task = harness.request('scripted', {}, timeoutMs);
        await execute(task);
        expect((await eventsOf(task)).completed).toEqual([
          expect.objectContaining({ outcome: 'FAILURE', error: expect.objectContaining({ code: 'timed-out' }) }),
        ]);
      });

      test('in a thread is stopped there, and the thread computes again', async () => {
        const long = harness.request('prime', { input: 5_000_000 }, 1);
        await execute(long);
        expect((await eventsOf(long)).completed[0]!.error).toMatchObject({ code: 'timed-out' });
        const others = Array.from({ length: 4 }, () => request('prime', { input: 10_000 }));
        await Promise.all(others.map((task) => execute(task)));
        for (const task of others) expect((await eventsOf(task)).completed[0]!.result).toBe('104729');
      });
    });

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
        const tasks = Array.from({ length: 6 }, () => request('prime', { input: 5_000_000 }));
        const ends = tasks.map((task) => execute(task));
        // Seen here, not in the log: reading that can take longer than the computation.
        await eventually(() => expect(tasks.filter(({ task_id }) => harness.begun.has(task_id))).toHaveLength(2));
        for (const task of tasks) cancel(task);
        await Promise.all(ends);
        for (const task of tasks) expect((await eventsOf(task)).completed[0]!.outcome).toBe('REVOKED');
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

    describe('a task that began elsewhere', () => {
      test('goes on: same attempt, same beginning', async () => {
        const startedAtMs = Date.now() - 59_999;
        const task = request('sleep', { input: 60 });
        await execute(task, undefined, { next: { ...firstAttempt, startedAtMs } });
        const { started, completed } = await eventsOf(task);
        expect(started).toEqual([expect.objectContaining({ attempt: 1, started_at: startedAtMs })]);
        expect(completed).toEqual([expect.objectContaining({ result: '60', started_at: startedAtMs })]);
      });

      const onTrial = { next: { ...firstAttempt, startedAtMs: 1_000, crashes: 1, trial: 1 }, mayHaveBegun: true };

      test('when its process died stands trial: a second one not before the first has passed or ended', async () => {
        const begun: string[] = [];
        const ends = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
        harness.script = ({ input }) => {
          begun.push(input!);
          return ends[Number(input)]!.promise;
        };
        // Long enough not to pass within the test, short enough to pass at once.
        const lasting = { ...onTrial, next: { ...onTrial.next, crashes: 9 } };
        const first = request('scripted', { input: '0' });
        const second = request('scripted', { input: '1' });
        const firstEnd = execute(first, undefined, lasting);
        const secondEnd = execute(second, undefined, onTrial);
        // Others are not held up.
        await execute(request('prime', { input: 6_000 }));
        await eventually(async () => expect((await eventsOf(first)).started).toMatchObject([{ crashes: 9, trial: 1 }]));
        expect((await eventsOf(second)).started).toEqual([]);
        ends[0]!.resolve();
        await firstEnd;
        await eventually(async () =>
          expect((await eventsOf(second)).started.map(({ trial }) => trial)).toEqual([1, 0]),
        );
        ends[1]!.resolve();
        await secondEnd;
        expect(begun).toEqual(['0', '1']);
      });

      test('when it ends while it stands trial, lets no other stand trial before its end is in the log', async () => {
        harness.script = ({ input }) => input;
        const [first, second] = [request('scripted', { input: 'first' }), request('scripted', { input: 'second' })];
        const [said, taken] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
        harness.takeEnd = (id) => {
          if (id !== first.task_id) return Promise.resolve();
          said.resolve();
          return taken.promise;
        };
        const ends = [execute(first, undefined, onTrial), execute(second, undefined, onTrial)];
        await said.promise;
        await execute(request('prime', { input: 6_000 }));
        expect((await eventsOf(second)).started).toEqual([]);
        taken.resolve();
        await Promise.all(ends);
        expect((await eventsOf(second)).completed).toMatchObject([{ result: '"second"' }]);
      });

      test('time and again on trial, and took its process down each time, is given up without being run', async () => {
        harness.script = () => 'never';
        const task = request('scripted');
        const next = { ...firstAttempt, startedAtMs: 1_000, crashes: 4, trial: 4 };
        await execute(task, undefined, { next, mayHaveBegun: true });
        const { started, completed } = await eventsOf(task);
        expect(started).toEqual([]);
        expect(completed).toEqual([
          expect.objectContaining({
            attempt: 1,
            outcome: 'FAILURE',
            error: { code: 'process-died', message: '4 executor processes died while they ran this task.' },
          }),
        ]);
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

      test('a flood of one type does not shut out another: the next free place is the other’s', async () => {
        const ends: (() => void)[] = [];
        harness.script = () => new Promise<void>((resolve) => ends.push(resolve));
        const flood = Array.from({ length: 100 }, () => execute(request('scripted')));
        await eventually(() => expect(ends).toHaveLength(waitingPlaces));
        const other = request('sleep', { input: 0.001 });
        const otherEnd = execute(other);
        // The first to leave makes place for the one that the flood had in line, the second for the other type.
        ends[0]!();
        ends[1]!();
        await otherEnd;
        expect(ends.length).toBeLessThan(waitingPlaces + 4);
        harness.script = () => null;
        for (let ended = 2; ended < ends.length; ended++) ends[ended]!();
        await Promise.all(flood);
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
