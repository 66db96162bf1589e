import { describe, expect, test } from '@jest/globals';
import { eventually } from '@nask/testkit';
import type { ExecutorHarness } from '../fixtures/executor-harness.ts';
import { firstAttempt } from '../tasks/next-attempt.rules.ts';

/** A task that another process began. */
export function describeRecovery(harness: ExecutorHarness): void {
  const { request, execute, eventsOf } = harness;

  describe('a task that began elsewhere', () => {
    test('goes on: same attempt, same beginning', async () => {
      const takenMs = Date.now();
      const startedAtMs = takenMs - 59_999;
      const task = request('sleep', { input: 60 });
      await execute(task, undefined, { next: { ...firstAttempt, startedAtMs } });
      const { started, completed } = await eventsOf(task);
      expect(started).toEqual([expect.objectContaining({ attempt: 1, started_at: startedAtMs })]);
      // Of this process, not of the one that began it.
      expect(started[0]!.taken_at).toBeGreaterThanOrEqual(takenMs);
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
      await eventually(async () => expect((await eventsOf(second)).started.map(({ trial }) => trial)).toEqual([1, 0]));
      ends[1]!.resolve();
      await secondEnd;
      expect(begun).toEqual(['0', '1']);
    });

    test('when it ends while it stands trial, lets no other stand trial before its end is in the log', async () => {
      harness.script = ({ input }) => input;
      const [first, second] = [request('scripted', { input: 'first' }), request('scripted', { input: 'second' })];
      const [ending, taken] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
      harness.takeEnd = (id) => {
        if (id !== first.task_id) return Promise.resolve();
        ending.resolve();
        return taken.promise;
      };
      const ends = [execute(first, undefined, onTrial), execute(second, undefined, onTrial)];
      await ending.promise;
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
          error: { code: 'process-died', message: '4 executor processes died while they ran this task.', causes: [] },
        }),
      ]);
    });
  });
}
