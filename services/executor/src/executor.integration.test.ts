import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import type { TaskCompleted } from '@nask/schemas';
import { eventually, isolate, serviceEnv, spawnService, testServers, type ServiceUnderTest } from '@nask/testkit';
import { openEventTopics, type EventTopics } from './fixtures/event-topics.ts';

const topics = ['tasks.started', 'tasks.completed', 'dead-letters.executor'];

describe('the executor, as a process', () => {
  const isolation = isolate('executor');
  const services: ServiceUnderTest[] = [];
  let events: EventTopics;
  let lastId = 0;

  beforeAll(async () => {
    events = await openEventTopics(testServers(), isolation, topics);
  }, 60_000);
  afterAll(async () => {
    await Promise.all(services.map((service) => service.close()));
    await events.close();
  }, 60_000);

  async function spawnExecutor(name: string): Promise<ServiceUnderTest> {
    const service = await spawnService('executor', {
      ...serviceEnv(isolation),
      EXECUTOR_NAME: name,
      TASK_TYPES_FOLDER: join(import.meta.dirname, 'fixtures', 'own-types'),
      EXECUTOR_UNKNOWN_TYPE_WAIT_MS: '1000',
      LOG_LEVEL: 'info',
    });
    services.push(service);
    return service;
  }

  const write = (id: number, value: Buffer, headers = {}) =>
    events.producer.send({ topic: 'tasks.requested', key: String(id), value, headers });

  const encoded = (id: number, type: string, input?: number) =>
    events.codec.encode('tasks.requested', {
      event_id: randomUUID(),
      task_id: id,
      type,
      payload: JSON.stringify({ input }),
      notify_url: null,
      requested_at: Date.now(),
      timeout_ms: null,
    });

  async function request(type: string, input?: number): Promise<number> {
    lastId += 1;
    await write(lastId, encoded(lastId, type, input));
    return lastId;
  }

  async function startsOf(id: number) {
    const records = (await events.read('tasks.started')).filter(({ key }) => key === String(id));
    return Promise.all(records.map(async ({ value }) => events.codec.decode('tasks.started', value)));
  }

  async function completions(): Promise<TaskCompleted[]> {
    const records = await events.read('tasks.completed');
    return Promise.all(records.map(async ({ value }) => events.codec.decode('tasks.completed', value)));
  }

  async function resultsOf(ids: number[]) {
    const all = await completions();
    return ids.map((id) => all.filter(({ task_id }) => task_id === id).map(({ outcome, result }) => result ?? outcome));
  }

  test('brings what was requested before and after its start to its end; what is no request is a dead letter', async () => {
    const before = [await request('prime', 100), await request('fibonacci', 100_000), await request('resize-image', 1)];
    const garbage = Buffer.from('not a TaskRequested');
    const misplaced = encoded(2_000_000, 'prime', 1);
    await write(1_000_000, garbage, { note: 'from elsewhere' });
    await write(1_000_001, misplaced);
    const executor = await spawnExecutor('executor-a');
    const after = [await request('sleep', 0.01), await request('prime', 300_000), await request('prime', 0)];

    await eventually(async () => {
      const [prime, fibonacci, unknown, ...others] = await resultsOf([...before, ...after]);
      expect([prime, unknown, ...others]).toEqual([['541'], ['FAILURE'], ['0.01'], ['4256233'], ['FAILURE']]);
      expect(fibonacci).toEqual([expect.stringMatching(/^"25974069\d+46875"$/)]);
    });
    const letters = await eventually(async () => {
      const read = await events.read('dead-letters.executor');
      expect(read).toHaveLength(2);
      return new Map(read.map((letter) => [letter.key, letter]));
    });
    expect(letters.get('1000000')).toMatchObject({ value: garbage, headers: { note: 'from elsewhere' } });
    expect(letters.get('1000001')).toMatchObject({
      value: misplaced,
      headers: { 'dead-letter-reason': 'The key "1000001" is not the id of the task, 2000000.' },
    });
    const metrics = await (await fetch(`${executor.opsUrl}/metrics`)).text();
    expect(metrics).toMatch(/executor_tasks_completed_total\{type="prime",outcome="SUCCESS",service="executor"\} 2/);
    expect(metrics).toMatch(/executor_tasks_completed_total\{type="unknown",outcome="FAILURE",service="executor"\} 1/);
  }, 60_000);

  test('on SIGTERM hands back what cannot end in time, and another executor takes it; what has ended is not repeated', async () => {
    const [leaving] = services;
    const long = await request('sleep', 3_600);
    const ended = await request('prime', 10_000);
    await eventually(async () => {
      expect(await startsOf(long)).toHaveLength(1);
      expect(await resultsOf([ended])).toEqual([['104729']]);
    });

    const exit = leaving!.exit();
    leaving!.signal('SIGTERM');
    expect(await exit).toMatchObject({ code: 0 });
    const before = await completions();
    await spawnExecutor('executor-b');
    await eventually(async () => {
      const starts = await startsOf(long);
      expect(starts.map(({ executor }) => executor)).toEqual(['executor-a', 'executor-b']);
      expect(starts[0]!.event_id).toBe(starts[1]!.event_id);
    });
    expect(await resultsOf([await requestAndWait('prime', 1)])).toEqual([['2']]);
    expect(await completions()).toHaveLength(before.length + 1);
  }, 60_000);

  test.each(['fetch-nowhere', 'fetch-nowhere-in-thread'])(
    'logs why a %s failed: the chain of causes, and where it was thrown; the event has code and message alone',
    async (type) => {
      const [executor] = services.slice(-1);
      const id = await requestAndWait(type);
      expect((await completions()).find(({ task_id }) => task_id === id)).toMatchObject({
        outcome: 'FAILURE',
        error: { code: 'handler-failed', message: 'no page' },
      });
      const line = await eventually(() => {
        const found = executor!
          .log()
          .split('\n')
          .find((text) => text.includes(`"task_id":${id},`));
        return JSON.parse(found ?? 'no line yet') as { level: string; err: { stack: string } };
      });
      expect(line).toMatchObject({ level: 'warn', task_type: type, attempt: 1, err: { message: 'no page' } });
      expect(line.err.stack).toMatch(
        new RegExp(`handlers/${type}\\.ts:[^]*caused by TypeError: fetch failed[^]*caused by [^]*ENOTFOUND`),
      );
    },
    60_000,
  );

  async function requestAndWait(type: string, input?: number): Promise<number> {
    const id = await request(type, input);
    await eventually(async () => expect((await resultsOf([id]))[0]).toHaveLength(1));
    return id;
  }
});
