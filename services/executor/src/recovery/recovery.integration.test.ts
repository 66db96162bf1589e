import { afterAll, afterEach, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { connectKafka, partitionFor } from '@nask/kafka';
import { createLogger } from '@nask/service';
import { eventually, isolate, serviceEnv, spawnService, testServers, type ServiceUnderTest } from '@nask/testkit';
import { forgetGroup } from '../../../../packages/kafka/testing/forget-group.ts';
import { openEventTopics, type EventTopics } from '../fixtures/event-topics.ts';

jest.setTimeout(120_000);

const topics = ['tasks.started', 'tasks.attempt-failed', 'tasks.progressed', 'tasks.completed'] as const;
const ownTypes = join(import.meta.dirname, '..', 'fixtures', 'own-types');

/** What an executor knows again after a restart, for it reads it back from the log. */
describe('an executor that takes over', () => {
  const isolation = isolate('recovery');
  let events: EventTopics;
  let executors: ServiceUnderTest[] = [];
  let lastId = 0;

  beforeAll(async () => {
    events = await openEventTopics(testServers(), isolation, topics);
  });
  afterEach(async () => {
    await Promise.all(executors.map((executor) => executor.close()));
    executors = [];
  });
  afterAll(() => events.close());

  async function spawnExecutor(name: string, env: Record<string, string> = {}): Promise<ServiceUnderTest> {
    const executor = await spawnService('executor', {
      ...serviceEnv(isolation),
      EXECUTOR_NAME: name,
      EXECUTOR_THREADS: '1',
      TASK_TYPES_FOLDER: ownTypes,
      KAFKA_SESSION_TIMEOUT_MS: '6000',
      LOG_LEVEL: 'debug',
      ...env,
    });
    executors.push(executor);
    return executor;
  }

  function eventOf(id: number, type: string, payload: object, timeoutMs: number | null = null) {
    const [event_id, requested_at] = [randomUUID(), Date.now()];
    const request = { event_id, task_id: id, type, payload: JSON.stringify(payload), notify_url: null, requested_at };
    return events.codec.encode('tasks.requested', { ...request, timeout_ms: timeoutMs });
  }

  const write = (id: number, value: Buffer) =>
    events.producer.send({ topic: 'tasks.requested', key: String(id), value });

  async function request(type: string, payload: object, timeoutMs?: number): Promise<number> {
    lastId += 1;
    await write(lastId, eventOf(lastId, type, payload, timeoutMs));
    return lastId;
  }

  /** The next id in a partition, so that its task is in line behind another. */
  function skipTo(partition: number): void {
    while (partitionFor(String(lastId + 1), 3) !== partition) lastId += 1;
  }

  const cancel = (id: number) => {
    const event = { event_id: randomUUID(), task_id: id, requested_at: Date.now() };
    const topic = 'tasks.cancellation-requested';
    return events.producer.send({ topic, key: String(id), value: events.codec.encode(topic, event) });
  };

  async function eventsOf<T extends (typeof topics)[number]>(topic: T, id: number) {
    const records = (await events.read(topic)).filter(({ key }) => key === String(id));
    const found = records.toSorted((one, other) => one.offset - other.offset);
    return Promise.all(found.map(async ({ value }) => events.codec.decode(topic, value)));
  }
  const startsOf = (id: number) => eventsOf('tasks.started', id);
  const endsOf = (id: number) => eventsOf('tasks.completed', id);

  const ended = (id: number, outcome: string) =>
    eventually(async () => {
      const ends = await endsOf(id);
      expect(ends.map((end) => end.outcome)).toEqual([outcome]);
      return ends[0]!;
    });

  test('cancels what runs, what stands in line, and what another was told to cancel', async () => {
    const first = await spawnExecutor('first', { EXECUTOR_MAX_WAITING: '1' });
    skipTo(0);
    const running = await request('sleep', { input: 3_600 });
    skipTo(0);
    const inLine = await request('sleep', { input: 3_600 });
    await eventually(async () => expect(await startsOf(running)).toHaveLength(1));
    await cancel(inLine);
    await ended(inLine, 'REVOKED');
    expect(await startsOf(inLine)).toEqual([]);
    await cancel(running);
    expect(await ended(running, 'REVOKED')).toMatchObject({ attempt: 1, started_at: expect.any(Number) });

    skipTo(0);
    const holding = await request('sleep', { input: 3_600 });
    await eventually(async () => expect(await startsOf(holding)).toHaveLength(1));
    const exited = first.exit();
    await first.kill();
    await exited;
    skipTo(0);
    const late = await request('sleep', { input: 3_600 });
    await cancel(holding);
    await cancel(late);
    await spawnExecutor('second');
    await ended(holding, 'REVOKED');
    await ended(late, 'REVOKED');
    expect(await startsOf(holding)).toHaveLength(1);
    expect(await startsOf(late)).toEqual([]);
  });

  test('keeps the deadline of a sleep, and the time of a retry', async () => {
    const first = await spawnExecutor('first', { SHUTDOWN_GRACE_MS: '1000' });
    const sleep = await request('sleep', { input: 8 });
    const flaky = await request('flaky', { attempts: 2 });
    await eventually(async () => {
      expect(await startsOf(sleep)).toHaveLength(1);
      expect(await eventsOf('tasks.attempt-failed', flaky)).toHaveLength(1);
    });
    const exited = first.exit();
    first.signal('SIGTERM');
    await exited;
    await spawnExecutor('second');
    const [failed] = await eventsOf('tasks.attempt-failed', flaky);
    const retried = await ended(flaky, 'SUCCESS');
    expect(retried).toMatchObject({ attempt: 2, result: '2', executor: 'second' });
    expect(retried.started_at).toBeGreaterThanOrEqual(failed!.next_attempt_at);
    const slept = await ended(sleep, 'SUCCESS');
    const starts = await startsOf(sleep);
    expect(starts.map(({ executor }) => executor)).toEqual(['first', 'second']);
    expect(starts[1]).toMatchObject({ started_at: starts[0]!.started_at, crashes: 0, trial: 0 });
    expect(slept.started_at).toBe(starts[0]!.started_at);
    // It began anew if it took its eight seconds from the second start.
    const [, second] = (await events.read('tasks.started')).filter(({ key }) => key === String(sleep));
    expect(slept.completed_at).toBeLessThan(second!.timestampMs + 8_000);
    expect(slept.completed_at).toBeGreaterThanOrEqual(starts[0]!.started_at + 8_000);
  });

  test('gives up a task that brings its process down again and again, and no other', async () => {
    const innocent = [await request('sleep', { input: 2 }), await request('sleep', { input: 2 })];
    const guilty = await request('crash', {});
    const after = await request('prime', { input: 100 });
    for (let process = 1; (await endsOf(guilty)).length === 0; process++) {
      expect(process).toBeLessThan(8);
      const executor = await spawnExecutor(`process-${process}`).catch(() => undefined);
      if (executor === undefined) continue;
      const exited = executor.exit();
      await Promise.race([exited, ended(guilty, 'FAILURE').catch(() => {})]);
    }
    expect(await ended(guilty, 'FAILURE')).toMatchObject({ error: { code: 'process-died' } });
    const deliveries = await startsOf(guilty);
    expect(deliveries.map(({ trial }) => trial)).toEqual([0, 1, 2, 3]);
    for (const id of innocent) await ended(id, 'SUCCESS');
    await ended(after, 'SUCCESS');
  });

  test('without the group’s offsets runs nothing again that has ended', async () => {
    const first = await spawnExecutor('first');
    const tasks = [await request('prime', { input: 1 }), await request('sleep', { input: 0.001 })];
    for (const id of tasks) await ended(id, 'SUCCESS');
    const exited = first.exit();
    first.signal('SIGTERM');
    await exited;
    await forgetOffsets();
    await spawnExecutor('second');
    const next = await request('prime', { input: 2 });
    await ended(next, 'SUCCESS');
    for (const id of tasks) {
      expect(await endsOf(id)).toHaveLength(1);
      expect((await startsOf(id)).map(({ executor }) => executor)).toEqual(['first']);
    }
  });

  test('runs nothing for a second record of a task that ended elsewhere', async () => {
    const first = await spawnExecutor('first');
    const id = await request('prime', { input: 3 });
    await ended(id, 'SUCCESS');
    const exited = first.exit();
    first.signal('SIGTERM');
    await exited;
    await spawnExecutor('second');
    await write(id, eventOf(id, 'prime', { input: 3 }));
    skipTo(partitionFor(String(id), 3));
    await ended(await request('prime', { input: 4 }), 'SUCCESS');
    expect(await endsOf(id)).toHaveLength(1);
    expect(await startsOf(id)).toHaveLength(1);
  });

  test('tells the progress of long tasks, and none of short ones', async () => {
    await spawnExecutor('first');
    const long = await request('sleep', { input: 3 });
    const short = await request('sleep', { input: 0.5 });
    await ended(long, 'SUCCESS');
    await ended(short, 'SUCCESS');
    const told = await eventsOf('tasks.progressed', long);
    expect(told.length).toBeGreaterThan(0);
    expect(told.length).toBeLessThanOrEqual(3);
    for (const { fraction } of told) expect(fraction > 0 && fraction <= 1).toBe(true);
    expect(await eventsOf('tasks.progressed', short)).toEqual([]);
  });

  test('ends in time what takes longer than the request allows', async () => {
    await spawnExecutor('first');
    const id = await request('sleep', { input: 3_600 }, 50);
    expect(await ended(id, 'FAILURE')).toMatchObject({ error: { code: 'timed-out' } });
  });

  async function forgetOffsets(): Promise<void> {
    const { brokers } = testServers();
    const connection = connectKafka({
      brokers,
      clientId: 'test',
      topicPrefix: isolation.topicPrefix,
      logger: createLogger({ service: 'test', level: 'silent' }),
    });
    await forgetGroup(connection, `${isolation.topicPrefix}executor`);
  }
});
