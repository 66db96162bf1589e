import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { TaskStarted } from '@nask/schemas';
import { eventually } from '@nask/testkit';
import { describeDeferral } from '../deferral/deferral.suite.ts';
import { ExecutorHarness, waitingPlaces, type OpenLog } from '../fixtures/executor-harness.ts';
import { describeRecovery } from '../recovery/recovery.suite.ts';
import { describeAttempts } from './attempts.suite.ts';
import { HandedBackError } from './held-task.ts';
import { describeStops } from './stops.suite.ts';

/** What the executor promises, whatever log it writes to. */
export function describeTaskExecutor(logName: string, open: () => Promise<OpenLog>): void {
  describe(`the executor of tasks, writing to ${logName}`, () => {
    const harness = new ExecutorHarness();
    const { request, execute, eventsOf } = harness;

    beforeAll(async () => harness.open(await open()), 60_000);
    beforeEach(() => {
      harness.newExecutor();
      harness.declares = {};
      harness.takeEnd = async () => {};
    });
    afterAll(() => harness.close());

    describeAttempts(harness);
    describeStops(harness);
    describeRecovery(harness);
    describeDeferral(harness);

    describe('a requested task', () => {
      test.each([
        ['prime', 100, '541'],
        ['prime', 20_000, '224737'],
        ['fibonacci', 101, '"573147844013817084101"'],
        ['sleep', 0.001, '0.001'],
      ])('%s of %d starts once and ends once, with its result', async (type, input, result) => {
        const task = request(type, { input });
        const beforeMs = Date.now();
        await execute(task);
        const { started, completed } = await eventsOf(task);
        expect(started).toEqual([
          expect.objectContaining({ attempt: 1, executor: 'executor-a', taken_at: expect.any(Number) }),
        ]);
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
            include_result: true,
            run_at: null,
          }),
        ]);
        const { taken_at, started_at } = started[0]!;
        const times = [beforeMs, taken_at!, started_at, completed[0]!.completed_at];
        expect(times).toEqual(times.toSorted((a, b) => a - b));
      });

      test('that stands in line was taken before it starts', async () => {
        const { promise, resolve } = Promise.withResolvers<void>();
        harness.script = () => promise;
        const running = Array.from({ length: waitingPlaces }, () => execute(request('scripted')));
        const task = request('scripted');
        const inLine = execute(task);
        const takenMs = Date.now();
        while (Date.now() === takenMs) await new Promise(setImmediate);
        resolve();
        await Promise.all([...running, inLine]);
        const [{ taken_at, started_at }] = (await eventsOf(task)).started as [TaskStarted];
        expect(taken_at).toBeLessThanOrEqual(takenMs);
        expect(started_at).toBeGreaterThan(takenMs);
      });

      test('has in its end what its request says of the webhook and of its time, however it ends', async () => {
        const asked = { include_result: false, run_at: 900 };
        const tasks = ['sleep', 'scripted', 'scripted', 'resize-image'].map((type) => ({
          ...request(type, { input: 0 }),
          ...asked,
        }));
        const [, failing, cancelled] = tasks;
        harness.script = () => Promise.reject(new Error('no'));
        harness.executor.cancel(cancelled!.task_id);
        await Promise.all(tasks.map((task) => execute(task)));
        const ends = (await Promise.all(tasks.map(eventsOf))).flatMap(({ completed }) => completed);
        expect(ends).toMatchObject(
          ['SUCCESS', 'FAILURE', 'REVOKED', 'FAILURE'].map((outcome) => ({ outcome, ...asked })),
        );
        expect(ends[1]).toMatchObject({ task_id: failing!.task_id, error: { message: 'no' } });
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
            error: { code, message: expect.any(String), causes: [] },
          }),
        ]);
      });

      test('whose handler throws ends in FAILURE with the reason and its causes', async () => {
        harness.script = () => {
          throw new Error('disk on fire', { cause: new RangeError('too hot') });
        };
        const task = request('scripted');
        await execute(task);
        expect((await eventsOf(task)).completed).toEqual([
          expect.objectContaining({
            outcome: 'FAILURE',
            error: {
              code: 'handler-failed',
              message: 'disk on fire',
              causes: [{ name: 'RangeError', message: 'too hot' }],
            },
          }),
        ]);
      });

      test('whose handler throws credentials of a URL has none of them in its events', async () => {
        const url = 'https://user:hunter2@host/?token=hunter2';
        harness.declares = { retry: { maxAttempts: 2, baseDelayMs: 1 } };
        harness.script = () => {
          const cause = new AggregateError([new Error(`${'x'.repeat(480)} ${url}`)], `${'x'.repeat(480)} ${url}`);
          throw Object.assign(new Error(`${'x'.repeat(1_980)} ${url}`, { cause }), { retryable: true });
        };
        const task = request('scripted');
        await execute(task);
        const { attemptsFailed, completed } = await eventsOf(task);
        for (const { error } of [attemptsFailed[0]!, completed[0]!]) {
          expect(error).toMatchObject({ message: expect.stringContaining('https://***@') });
          expect(error!.causes).toHaveLength(2);
          expect(JSON.stringify(error)).not.toMatch(/hunt/);
        }
      });

      test('whose result does not fit into a record with its payload ends in FAILURE', async () => {
        harness.script = ({ input }) => input;
        const task = request('scripted', { input: 'x'.repeat(500_000) });
        await execute(task);
        expect((await eventsOf(task)).completed).toEqual([
          expect.objectContaining({ outcome: 'FAILURE', error: expect.objectContaining({ code: 'result-too-large' }) }),
        ]);
      });

      describe('with a payload near the limit of a record', () => {
        const causes = new AggregateError(Array.from({ length: 5 }, (_, i) => `${i} ${'too long '.repeat(55)}`));
        const failing = (message: string, cause: unknown) => () => Promise.reject(new Error(message, { cause }));

        /** Its end, and how many bytes the payload leaves free in a record of 900,000. */
        async function endOf(freeBytes: number, script: typeof harness.script) {
          harness.script = script;
          const task = request('scripted', { input: 'x'.repeat(900_000 - freeBytes) });
          await execute(task);
          const { completed } = await eventsOf(task);
          expect(completed).toHaveLength(1);
          return completed[0]!;
        }

        test('ends with its causes where there is room for copies', async () => {
          const { error } = await endOf(6_000, failing('no', new Error('small')));
          expect(error).toMatchObject({ message: 'no', causes: [{ message: 'small' }] });
        });

        test('ends without its causes where they leave no room for copies', async () => {
          const { error } = await endOf(6_000, failing('no', causes));
          expect(error).toEqual({ code: 'handler-failed', message: 'no', causes: [] });
        });

        test('ends with a short message where a long one leaves no room for copies', async () => {
          const { error } = await endOf(6_000, failing('x'.repeat(2_000), causes));
          expect(error).toEqual({ code: 'handler-failed', message: `${'x'.repeat(199)}…`, causes: [] });
        });

        test('ends in FAILURE where its result leaves no room for copies', async () => {
          const { outcome, error } = await endOf(6_000, () => 'x'.repeat(2_000));
          expect([outcome, error!.code]).toEqual(['FAILURE', 'result-too-large']);
        });

        test('ends as it did where no end leaves room for copies', async () => {
          expect(await endOf(2_000, () => 541)).toMatchObject({ outcome: 'SUCCESS', result: '541' });
          expect((await endOf(2_000, failing('no', new Error('small')))).error!.causes).toHaveLength(1);
          const { error } = await endOf(2_000, failing('x'.repeat(2_000), causes));
          expect(error).toMatchObject({ message: `${'x'.repeat(199)}…`, causes: [] });
        });

        test('is refused where no end fits', async () => {
          await expect(endOf(0, () => 541)).rejects.toMatchObject({ code: 'RECORD_TOO_LARGE' });
        });
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
  });
}
