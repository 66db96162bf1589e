import { afterAll, afterEach, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { partitionFor } from '@nask/kafka';
import { eventually } from '@nask/testkit';
import { forgetGroup } from '../../../../packages/kafka/testing/topics.ts';
import { ExecutorProcesses, ownTypes } from '../fixtures/executor-processes.ts';

jest.setTimeout(120_000);

/** What an executor knows again after a restart, for it reads it back from the log. */
describe('an executor that takes over', () => {
  const executors = new ExecutorProcesses('recovery', {
    EXECUTOR_THREADS: '1',
    TASK_TYPES_FOLDER: ownTypes,
    KAFKA_SESSION_TIMEOUT_MS: '6000',
    LOG_LEVEL: 'debug',
  });

  beforeAll(() => executors.open());
  afterEach(() => executors.closeExecutors());
  afterAll(() => executors.close());

  test('cancels what runs, what stands in line, and what another executor had to cancel', async () => {
    const first = await executors.spawn('first', { EXECUTOR_MAX_WAITING: '1' });
    executors.skipTo(0);
    const running = await executors.request('sleep', { input: 3_600 });
    executors.skipTo(0);
    const inLine = await executors.request('sleep', { input: 3_600 });
    await executors.started(running);
    await executors.cancel(inLine);
    await executors.ended(inLine, 'REVOKED');
    expect(await executors.startsOf(inLine)).toEqual([]);
    await executors.cancel(running);
    expect(await executors.ended(running, 'REVOKED')).toMatchObject({ attempt: 1, started_at: expect.any(Number) });

    executors.skipTo(0);
    const holding = await executors.request('sleep', { input: 3_600 });
    await executors.started(holding);
    await executors.stop(first, 'SIGKILL');
    executors.skipTo(0);
    const late = await executors.request('sleep', { input: 3_600 });
    await executors.cancel(holding);
    await executors.cancel(late);
    await executors.spawn('second');
    await executors.ended(holding, 'REVOKED');
    await executors.ended(late, 'REVOKED');
    expect(await executors.startsOf(holding)).toHaveLength(1);
    expect(await executors.startsOf(late)).toEqual([]);
  });

  test('keeps the deadline of a sleep, and the time of a retry', async () => {
    const first = await executors.spawn('first', { SHUTDOWN_GRACE_MS: '1000' });
    const sleep = await executors.request('sleep', { input: 8 });
    const flaky = await executors.request('flaky', { attempts: 2 });
    await eventually(async () => {
      expect(await executors.startsOf(sleep)).toHaveLength(1);
      expect(await executors.eventsOf('tasks.attempt-failed', flaky)).toHaveLength(1);
    });
    await executors.stop(first);
    await executors.spawn('second');
    const [failed] = await executors.eventsOf('tasks.attempt-failed', flaky);
    const retried = await executors.ended(flaky, 'SUCCESS');
    expect(retried).toMatchObject({ attempt: 2, result: '2', executor: 'second' });
    expect(retried.started_at).toBeGreaterThanOrEqual(failed!.next_attempt_at);
    const slept = await executors.ended(sleep, 'SUCCESS');
    const starts = await executors.startsOf(sleep);
    expect(starts.map(({ executor }) => executor)).toEqual(['first', 'second']);
    expect(starts[1]).toMatchObject({ started_at: starts[0]!.started_at, crashes: 0, trial: 0 });
    expect(slept.started_at).toBe(starts[0]!.started_at);
    // It would have started again if it took its eight seconds from the second start.
    const [, second] = await executors.recordsOf('tasks.started', sleep);
    expect(slept.completed_at).toBeLessThan(second!.timestampMs + 8_000);
    expect(slept.completed_at).toBeGreaterThanOrEqual(starts[0]!.started_at + 8_000);
  });

  test('gives up a task that brings its process down again and again, and no other', async () => {
    const innocent = [await executors.request('sleep', { input: 2 }), await executors.request('sleep', { input: 2 })];
    const guilty = await executors.request('crash', {});
    const after = await executors.request('prime', { input: 100 });
    for (let process = 1; (await executors.endsOf(guilty)).length === 0; process++) {
      expect(process).toBeLessThan(8);
      const executor = await executors.spawn(`process-${process}`).catch(() => undefined);
      if (executor === undefined) continue;
      const exited = executor.exit();
      await Promise.race([exited, executors.ended(guilty, 'FAILURE').catch(() => {})]);
    }
    expect(await executors.ended(guilty, 'FAILURE')).toMatchObject({ error: { code: 'process-died' } });
    const deliveries = await executors.startsOf(guilty);
    expect(deliveries.map(({ trial }) => trial)).toEqual([0, 1, 2, 3]);
    for (const id of innocent) await executors.ended(id, 'SUCCESS');
    await executors.ended(after, 'SUCCESS');
  });

  test('without the group’s offsets runs nothing again that has ended', async () => {
    const first = await executors.spawn('first');
    const tasks = [await executors.request('prime', { input: 1 }), await executors.request('sleep', { input: 0.001 })];
    for (const id of tasks) await executors.ended(id, 'SUCCESS');
    await executors.stop(first);
    await forgetGroup(executors.log.connection, `${executors.isolation.topicPrefix}executor`);
    await executors.spawn('second');
    const next = await executors.request('prime', { input: 2 });
    await executors.ended(next, 'SUCCESS');
    for (const id of tasks) {
      expect(await executors.endsOf(id)).toHaveLength(1);
      expect((await executors.startsOf(id)).map(({ executor }) => executor)).toEqual(['first']);
    }
  });

  test('runs nothing for a second record of a task that ended elsewhere', async () => {
    const first = await executors.spawn('first');
    const id = await executors.request('prime', { input: 3 });
    await executors.ended(id, 'SUCCESS');
    await executors.stop(first);
    await executors.spawn('second');
    await executors.log.write('tasks.requested', executors.requested(id, 'prime', { input: 3 }));
    executors.skipTo(partitionFor(String(id), 3));
    await executors.ended(await executors.request('prime', { input: 4 }), 'SUCCESS');
    expect(await executors.endsOf(id)).toHaveLength(1);
    expect(await executors.startsOf(id)).toHaveLength(1);
  });

  test('writes the progress of long tasks, and none of short ones', async () => {
    await executors.spawn('first');
    const long = await executors.request('sleep', { input: 3 });
    const short = await executors.request('sleep', { input: 0.5 });
    await executors.ended(long, 'SUCCESS');
    await executors.ended(short, 'SUCCESS');
    const progressed = await executors.eventsOf('tasks.progressed', long);
    expect(progressed.length).toBeGreaterThan(0);
    expect(progressed.length).toBeLessThanOrEqual(3);
    for (const { fraction } of progressed) expect(fraction > 0 && fraction <= 1).toBe(true);
    expect(await executors.eventsOf('tasks.progressed', short)).toEqual([]);
  });

  test('ends in time what takes longer than the request allows', async () => {
    await executors.spawn('first');
    const id = await executors.request('sleep', { input: 3_600 }, 50);
    expect(await executors.ended(id, 'FAILURE')).toMatchObject({ error: { code: 'timed-out' } });
  });
});
