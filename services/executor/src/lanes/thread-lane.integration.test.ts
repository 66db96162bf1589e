import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { join } from 'node:path';
import { eventually } from '@nask/testkit';
import { HandedBackError } from '../tasks/held-task.ts';
import type { HandlerReport } from './lane.ts';
import { createWorkerPool, type WorkerPool } from './thread-lane.ts';

const fileOf = (handler: string) => join(import.meta.dirname, '..', 'fixtures', 'handlers', `${handler}.ts`);
const never = new AbortController().signal;

// Starting threads takes long where the machine is busy.
jest.setTimeout(60_000);

describe('the threads that compute', () => {
  let pool: WorkerPool;
  beforeEach(() => {
    pool = createWorkerPool({ threads: 2, maxHeapMb: 32, onError: () => {} });
  });
  afterEach(() => pool.stop());

  const run = (handler: string, payload: unknown = {}, signal = never, reports: HandlerReport[] = []) =>
    pool.run(
      { handlerFile: fileOf(handler), payload, attempt: 1, startedAtMs: 0 },
      { signal, onBegin() {}, onReport: (report) => reports.push(report) },
    );
  const echo = (payload: unknown) => run('echo', payload);

  test('more jobs than threads all get their own result', async () => {
    const jobs = Array.from({ length: 20 }, (_, i) => i);
    expect(await Promise.all(jobs.map(echo))).toEqual(jobs.map((i) => ({ outcome: 'SUCCESS', result: String(i) })));
  });

  test('a handler that throws fails with its own code, message and causes without credentials, and with its stack for the log', async () => {
    expect(await run('fail')).toEqual({
      outcome: 'FAILURE',
      error: {
        code: 'not-found',
        message: 'no such file: https://***@host/file',
        causes: [{ name: 'RangeError', message: 'no such block: https://host/file?token=***' }],
      },
      stack: expect.stringMatching(/no such file[^]*fixtures\/handlers\/fail\.ts/),
    });
  });

  test('what a handler reports is told for its own job, before its result', async () => {
    const [first, second]: HandlerReport[][] = [[], []];
    await Promise.all([run('echo', 1, never, first), run('echo', 2, never, second)]);
    expect(first).toEqual([{ kind: 'log', level: 'info', message: 'echoes 1' }]);
    expect(second).toEqual([{ kind: 'log', level: 'info', message: 'echoes 2' }]);
  });

  test.each([
    ['fill-memory', 'out-of-memory'],
    ['exit', 'thread-died'],
    ['stray-error', 'thread-died'],
  ])(
    '%s fails with %s, and takes nothing else with it',
    async (handler, code) => {
      const results = await Promise.all([run(handler), run(handler), run(handler), echo('unharmed')]);
      expect(results.slice(0, 3)).toMatchObject(
        Array.from({ length: 3 }, () => ({ outcome: 'FAILURE', error: { code, message: expect.any(String) } })),
      );
      expect(results[3]).toEqual({ outcome: 'SUCCESS', result: '"unharmed"' });
      expect(pool.threads()).toBe(2);
    },
    60_000,
  );

  test('an aborted job rejects with the reason, and its thread is really stopped and replaced', async () => {
    const counter = new Int32Array(new SharedArrayBuffer(4));
    const controllers = [new AbortController(), new AbortController()];
    const spins = controllers.map(({ signal }) => run('spin', { counter }, signal));
    await Atomics.waitAsync(counter, 0, 0).value;
    for (const controller of controllers) controller.abort(new Error('enough'));
    for (const spin of spins) await expect(spin).rejects.toThrow('enough');

    expect(await echo('next')).toEqual({ outcome: 'SUCCESS', result: '"next"' });
    await eventually(async () => {
      const before = Atomics.load(counter, 0);
      await echo('meanwhile');
      expect(Atomics.load(counter, 0)).toBe(before);
    });
  });

  test('a job that is aborted while it waits for a thread never runs', async () => {
    const counter = new Int32Array(new SharedArrayBuffer(4));
    const running = new AbortController();
    const spins = [run('spin', { counter }, running.signal), run('spin', { counter }, running.signal)];
    const waiting = new AbortController();
    const reports: HandlerReport[] = [];
    const job = run('echo', 1, waiting.signal, reports);
    waiting.abort(new Error('not needed'));
    await expect(job).rejects.toThrow('not needed');
    running.abort(new Error('enough'));
    await Promise.allSettled(spins);
    expect(reports).toEqual([]);
  });

  test('jobs that run when the pool stops are handed back, not failed', async () => {
    const counter = new Int32Array(new SharedArrayBuffer(4));
    const spin = run('spin', { counter });
    const ended = expect(spin).rejects.toThrow(HandedBackError);
    await Atomics.waitAsync(counter, 0, 0).value;
    await pool.stop();
    await ended;
  });
});
