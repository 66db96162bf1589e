import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { TaskCompleted } from '@nask/schemas';
import { eventually, type ServiceUnderTest } from '@nask/testkit';
import { ExecutorProcesses, ownTypes } from './fixtures/executor-processes.ts';

describe('the executor, as a process', () => {
  const executors = new ExecutorProcesses('executor', {
    TASK_TYPES_FOLDER: ownTypes,
    EXECUTOR_UNKNOWN_TYPE_WAIT_MS: '1000',
    LOG_LEVEL: 'info',
  });
  let running: ServiceUnderTest;

  beforeAll(() => executors.open(), 60_000);
  afterAll(() => executors.close(), 60_000);

  const write = (id: number, value: Buffer, headers = {}) =>
    executors.log.producer.send({ topic: 'tasks.requested', key: String(id), value, headers });

  const request = (type: string, input?: number) => executors.request(type, { input });

  const completions = (): Promise<TaskCompleted[]> => executors.log.events('tasks.completed');

  async function resultsOf(ids: number[]) {
    const all = await completions();
    return ids.map((id) => all.filter(({ task_id }) => task_id === id).map(({ outcome, result }) => result ?? outcome));
  }

  test('brings what was requested before and after its start to its end; what is no request is a dead letter', async () => {
    const before = [await request('prime', 100), await request('fibonacci', 100_000), await request('resize-image', 1)];
    const garbage = Buffer.from('not a TaskRequested');
    const misplaced = executors.log.codec.encode(
      'tasks.requested',
      executors.requested(2_000_000, 'prime', { input: 1 }),
    );
    await write(1_000_000, garbage, { note: 'from elsewhere' });
    await write(1_000_001, misplaced);
    running = await executors.spawn('executor-a');
    const after = [await request('sleep', 0.01), await request('prime', 300_000), await request('prime', 0)];

    await eventually(async () => {
      const [prime, fibonacci, unknown, ...others] = await resultsOf([...before, ...after]);
      expect([prime, unknown, ...others]).toEqual([['541'], ['FAILURE'], ['0.01'], ['4256233'], ['FAILURE']]);
      expect(fibonacci).toEqual([expect.stringMatching(/^"25974069\d+46875"$/)]);
    });
    const letters = await eventually(async () => {
      const read = await executors.log.records('dead-letters.executor');
      expect(read).toHaveLength(2);
      return new Map(read.map((letter) => [letter.key, letter]));
    });
    expect(letters.get('1000000')).toMatchObject({ value: garbage, headers: { note: 'from elsewhere' } });
    expect(letters.get('1000001')).toMatchObject({
      value: misplaced,
      headers: { 'dead-letter-reason': 'The key "1000001" is not the id of the task, 2000000.' },
    });
    const metrics = await (await fetch(`${running.opsUrl}/metrics`)).text();
    expect(metrics).toMatch(/executor_tasks_completed_total\{type="prime",outcome="SUCCESS",service="executor"\} 2/);
    expect(metrics).toMatch(/executor_tasks_completed_total\{type="unknown",outcome="FAILURE",service="executor"\} 1/);
  }, 60_000);

  test('on SIGTERM hands back what cannot end in time, and another executor takes it; what has ended is not repeated', async () => {
    const long = await request('sleep', 3_600);
    const ended = await request('prime', 10_000);
    await eventually(async () => {
      expect(await executors.startsOf(long)).toHaveLength(1);
      expect(await resultsOf([ended])).toEqual([['104729']]);
    });

    expect(await executors.stop(running)).toMatchObject({ code: 0 });
    const before = await completions();
    running = await executors.spawn('executor-b');
    await eventually(async () => {
      const starts = await executors.startsOf(long);
      expect(starts.map(({ executor }) => executor)).toEqual(['executor-a', 'executor-b']);
      expect(starts[0]!.event_id).toBe(starts[1]!.event_id);
    });
    expect(await resultsOf([await requestAndWait('prime', 1)])).toEqual([['2']]);
    expect(await completions()).toHaveLength(before.length + 1);
  }, 60_000);

  test.each(['fetch-nowhere', 'fetch-nowhere-in-thread'])(
    'of a %s that failed, the event has the chain of causes, and the log has also where it was thrown',
    async (type) => {
      const id = await requestAndWait(type);
      expect((await completions()).find(({ task_id }) => task_id === id)).toMatchObject({
        outcome: 'FAILURE',
        error: {
          code: 'handler-failed',
          message: 'no page',
          causes: [
            { name: 'TypeError', message: 'fetch failed' },
            { name: 'Error', message: expect.stringContaining('ENOTFOUND') },
          ],
        },
      });
      const line = await eventually(() => {
        const found = running
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
