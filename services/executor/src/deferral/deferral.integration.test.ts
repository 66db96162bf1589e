import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import type { TopicName } from '@nask/schemas';
import { eventually } from '@nask/testkit';
import { ExecutorProcesses, ownTypes } from '../fixtures/executor-processes.ts';

jest.setTimeout(120_000);

/** A type of `ownTypes`; with one attempt it succeeds at once. */
const newType = 'flaky';

/** A rollout of a task type, in the wrong order: its tasks come before an executor that has it. */
describe('a task of a type that the executors lack', () => {
  const executors = new ExecutorProcesses('deferral', { EXECUTOR_THREADS: '1', KAFKA_SESSION_TIMEOUT_MS: '6000' });

  beforeAll(() => executors.open());
  afterAll(() => executors.close());

  async function ended(ids: readonly number[], outcome: string): Promise<void> {
    for (const id of ids) await executors.ended(id, outcome);
  }

  const deferred = (ids: readonly number[]) =>
    eventually(async () => {
      for (const id of ids) expect(await executors.recordsOf('tasks.deferred', id)).not.toEqual([]);
    });

  const inPartition = (partition: number): Promise<number> => {
    executors.skipTo(partition);
    return executors.request(newType, { attempts: 1 });
  };

  test('waits, holds up no other, and runs once an executor has it, or ends as REVOKED: no crash loses it', async () => {
    const killed = await executors.spawn('killed');
    const waiting = [await inPartition(0), await inPartition(1), await inPartition(2)];
    const cancelled = await inPartition(0);
    const known = await executors.request('prime', { input: 100 });
    await deferred([...waiting, cancelled]);
    await ended([known], 'SUCCESS');
    await executors.cancel(cancelled);
    await ended([cancelled], 'REVOKED');

    await executors.stop(killed, 'SIGKILL');
    waiting.push(await inPartition(0), await inPartition(1), await inPartition(2));
    const cancelledLast = await inPartition(1);
    const stopped = await executors.spawn('stopped');
    await deferred([...waiting, cancelledLast]);
    // The executor takes the cancellation and stops, before the task is due unless the machine is slow: the next one
    // reads it back.
    await executors.cancel(cancelledLast);
    await eventually(async () => {
      const metrics = await (await fetch(`${stopped.opsUrl}/metrics`)).text();
      expect(metrics).toMatch(/kafka_consumer_records_total\{[^}]*cancellation-requested[^}]*\} 1\n/);
    });
    await executors.stop(stopped);

    const renewed = await executors.spawn('new', { TASK_TYPES_FOLDER: ownTypes });
    await ended([cancelledLast], 'REVOKED');
    await ended(waiting, 'SUCCESS');
    for (const id of waiting) {
      expect(await executors.recordsOf('tasks.started', id)).toHaveLength(1);
      const [original, ...copies] = await executors.recordsOf('tasks.requested', id);
      for (const copy of [...copies, ...(await executors.recordsOf('tasks.deferred', id))]) {
        expect(copy.value).toEqual(original!.value);
        expect(copy.headers).toMatchObject({ ...original!.headers, 'deferred-since-ms': expect.any(String) });
      }
    }

    // In a rollout both versions are there: each has partitions.
    const old = await executors.spawn('old');
    const sideBySide = [await inPartition(0), await inPartition(1), await inPartition(2)];
    await eventually(async () => {
      const count = (topic: TopicName) =>
        Promise.all(sideBySide.map(async (id) => (await executors.recordsOf(topic, id)).length));
      const [ends, copies] = [await count('tasks.completed'), await count('tasks.deferred')];
      expect(copies.map((number) => number === 0)).toEqual(ends.map((number) => number === 1));
      expect(new Set(ends)).toEqual(new Set([0, 1]));
    });
    await executors.stop(old);
    await ended(sideBySide, 'SUCCESS');
    await executors.stop(renewed);
  });

  test('fails when its time is over; what is in the log of deferred tasks and is none is a dead letter', async () => {
    const executor = await executors.spawn('impatient', { EXECUTOR_UNKNOWN_TYPE_WAIT_MS: '1000' });
    const id = await executors.request('resize-image', {});
    const garbage = Buffer.from('not a TaskRequested');
    await executors.log.producer.send({ topic: 'tasks.deferred', key: '1000000', value: garbage });
    await ended([id], 'FAILURE');
    expect((await executors.endsOf(id))[0]!.error).toEqual({
      code: 'unknown-task-type',
      message: expect.stringMatching(/^No handler for the task type resize-image\. The task was deferred for \d+ s\.$/),
      causes: [],
    });
    await eventually(async () =>
      expect(await executors.log.records('dead-letters.executor')).toMatchObject([{ key: '1000000', value: garbage }]),
    );
    expect(executor.log()).toMatch(/"task_type":"resize-image"[^\n]*no handler for the task type/);
    const metrics = await (await fetch(`${executor.opsUrl}/metrics`)).text();
    expect(metrics).toMatch(/executor_tasks_deferred_total\{service="executor"\} [1-9]/);
  });
});
