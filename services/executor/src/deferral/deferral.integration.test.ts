import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { partitionFor } from '@nask/kafka';
import { eventually, isolate, serviceEnv, spawnService, testServers, type ServiceUnderTest } from '@nask/testkit';
import { openEventTopics, type EventTopics } from '../fixtures/event-topics.ts';

jest.setTimeout(120_000);

const topics = ['tasks.requested', 'tasks.deferred', 'tasks.started', 'tasks.completed', 'dead-letters.executor'];
const ownTypes = join(import.meta.dirname, '..', 'fixtures', 'own-types');
/** A type of `ownTypes`; with one attempt it succeeds at once. */
const newType = 'flaky';

/** A rollout of a task type, in the wrong order: its tasks come before an executor that has it. */
describe('a task of a type that the executors lack', () => {
  const isolation = isolate('deferral');
  const executors: ServiceUnderTest[] = [];
  let events: EventTopics;
  let lastId = 0;

  beforeAll(async () => {
    events = await openEventTopics(testServers(), isolation, topics);
  });
  afterAll(async () => {
    await Promise.all(executors.map((executor) => executor.close()));
    await events.close();
  });

  async function spawnExecutor(name: string, env: Record<string, string> = {}): Promise<ServiceUnderTest> {
    const executor = await spawnService('executor', {
      ...serviceEnv(isolation),
      EXECUTOR_NAME: name,
      EXECUTOR_THREADS: '1',
      KAFKA_SESSION_TIMEOUT_MS: '6000',
      ...env,
    });
    executors.push(executor);
    return executor;
  }

  async function request(type: string, payload: object): Promise<number> {
    const id = (lastId += 1);
    const [event_id, requested_at] = [randomUUID(), Date.now()];
    const event = { event_id, task_id: id, type, payload: JSON.stringify(payload), notify_url: null, requested_at };
    const value = events.codec.encode('tasks.requested', { ...event, timeout_ms: null });
    await events.producer.send({ topic: 'tasks.requested', key: String(id), value, headers: { ce_id: event_id } });
    return id;
  }

  const cancel = (id: number) => {
    const [topic, event_id] = ['tasks.cancellation-requested' as const, randomUUID()];
    const value = events.codec.encode(topic, { event_id, task_id: id, requested_at: Date.now() });
    return events.producer.send({ topic, key: String(id), value });
  };

  const recordsOf = async (topic: string, id: number) =>
    (await events.read(topic))
      .filter(({ key }) => key === String(id))
      .toSorted((one, other) => one.offset - other.offset);

  async function endsOf(id: number) {
    const records = await recordsOf('tasks.completed', id);
    return Promise.all(records.map(async ({ value }) => events.codec.decode('tasks.completed', value)));
  }

  const ended = (ids: readonly number[], outcome: string) =>
    eventually(async () => {
      for (const id of ids) expect((await endsOf(id)).map((end) => end.outcome)).toEqual([outcome]);
    });

  const deferred = (ids: readonly number[]) =>
    eventually(async () => {
      for (const id of ids) expect(await recordsOf('tasks.deferred', id)).not.toEqual([]);
    });

  async function exited(executor: ServiceUnderTest, signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    const exit = executor.exit();
    if (signal === 'SIGKILL') await executor.kill();
    else executor.signal(signal);
    await exit;
  }

  const inPartition = async (partition: number): Promise<number> => {
    while (partitionFor(String(lastId + 1), 3) !== partition) lastId += 1;
    return request(newType, { attempts: 1 });
  };

  test('waits, holds up no other, and runs once an executor has it, or ends as REVOKED: no crash loses it', async () => {
    const killed = await spawnExecutor('killed');
    const waiting = [await inPartition(0), await inPartition(1), await inPartition(2)];
    const cancelled = await inPartition(0);
    const known = await request('prime', { input: 100 });
    await deferred([...waiting, cancelled]);
    await ended([known], 'SUCCESS');
    await cancel(cancelled);
    await ended([cancelled], 'REVOKED');

    await exited(killed, 'SIGKILL');
    waiting.push(await inPartition(0), await inPartition(1), await inPartition(2));
    const cancelledLast = await inPartition(1);
    const stopped = await spawnExecutor('stopped');
    await deferred([...waiting, cancelledLast]);
    // The executor takes the cancellation and stops, before the task is due unless the machine is slow: the next one
    // reads it back.
    await cancel(cancelledLast);
    await eventually(async () => {
      const metrics = await (await fetch(`${stopped.opsUrl}/metrics`)).text();
      expect(metrics).toMatch(/kafka_consumer_records_total\{[^}]*cancellation-requested[^}]*\} 1\n/);
    });
    await exited(stopped, 'SIGTERM');

    const renewed = await spawnExecutor('new', { TASK_TYPES_FOLDER: ownTypes });
    await ended([cancelledLast], 'REVOKED');
    await ended(waiting, 'SUCCESS');
    for (const id of waiting) {
      expect(await recordsOf('tasks.started', id)).toHaveLength(1);
      const [original, ...copies] = await recordsOf('tasks.requested', id);
      for (const copy of [...copies, ...(await recordsOf('tasks.deferred', id))]) {
        expect(copy.value).toEqual(original!.value);
        expect(copy.headers).toMatchObject({ ...original!.headers, 'deferred-since-ms': expect.any(String) });
      }
    }

    // In a rollout both versions are there: each has partitions.
    const old = await spawnExecutor('old');
    const sideBySide = [await inPartition(0), await inPartition(1), await inPartition(2)];
    await eventually(async () => {
      const count = (topic: string) => Promise.all(sideBySide.map(async (id) => (await recordsOf(topic, id)).length));
      const [ends, copies] = [await count('tasks.completed'), await count('tasks.deferred')];
      expect(copies.map((number) => number === 0)).toEqual(ends.map((number) => number === 1));
      expect(new Set(ends)).toEqual(new Set([0, 1]));
    });
    await exited(old, 'SIGTERM');
    await ended(sideBySide, 'SUCCESS');
    await exited(renewed, 'SIGTERM');
  });

  test('fails when its time is over; what is in the log of deferred tasks and is none is a dead letter', async () => {
    const executor = await spawnExecutor('impatient', { EXECUTOR_UNKNOWN_TYPE_WAIT_MS: '1000' });
    const id = await request('resize-image', {});
    const garbage = Buffer.from('not a TaskRequested');
    await events.producer.send({ topic: 'tasks.deferred', key: '1000000', value: garbage });
    await ended([id], 'FAILURE');
    expect((await endsOf(id))[0]!.error).toEqual({
      code: 'unknown-task-type',
      message: expect.stringMatching(/^No handler for the task type resize-image\. The task was deferred for \d+ s\.$/),
    });
    await eventually(async () =>
      expect(await events.read('dead-letters.executor')).toMatchObject([{ key: '1000000', value: garbage }]),
    );
    expect(executor.log()).toMatch(/"task_type":"resize-image"[^\n]*no handler for the task type/);
    const metrics = await (await fetch(`${executor.opsUrl}/metrics`)).text();
    expect(metrics).toMatch(/executor_tasks_deferred_total\{service="executor"\} [1-9]/);
  });
});
