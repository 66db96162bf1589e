import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { ProcessStartError, type ManagedProcess, type ProcessExit } from '@nask/dev-stack';
import { supervise, superviseAll, type Supervisor } from './supervisor.ts';

/** A process in memory: it ends when the test says so, and starts unless the test forbids it. */
function createProcess() {
  const listeners: ((exit: ProcessExit) => void)[] = [];
  const state = {
    starts: 0,
    refusal: undefined as string | undefined,
    gate: undefined as Promise<void> | undefined,
    pid: 1 as number | undefined,
  };
  const managed = {
    name: 'executor',
    pid: () => state.pid,
    start: async () => {
      state.starts += 1;
      await state.gate;
      if (state.refusal) throw new ProcessStartError('executor', state.refusal, { file: '/no/such.log', from: 0 });
    },
    onExit: (listener: (exit: ProcessExit) => void) => void listeners.push(listener),
  } as ManagedProcess;
  const end = (exit: Partial<ProcessExit> = {}) =>
    listeners.forEach((listener) => listener({ code: 1, signal: null, expected: false, ...exit }));
  return { managed, state, end };
}

let reported: string[];
let supervisor: Supervisor;
let child: ReturnType<typeof createProcess>;

beforeEach(() => {
  jest.useFakeTimers();
  reported = [];
  child = createProcess();
  supervisor = supervise(child.managed, {
    onDown: (reason, delayMs) => reported.push(`down: ${reason}, ${delayMs} ms`),
    onUp: () => reported.push('up'),
  });
});
afterEach(() => {
  supervisor.stop();
  jest.useRealTimers();
});

describe('a supervised process', () => {
  test('that ends by itself is started again', async () => {
    child.end({ code: null, signal: 'SIGKILL' });
    await jest.advanceTimersByTimeAsync(500);
    expect(reported).toEqual(['down: ended by itself (SIGKILL), 500 ms', 'up']);
  });

  test('that ended before it was supervised is started again', async () => {
    const early = createProcess();
    early.state.pid = undefined;
    const other = supervise(early.managed, {
      onDown: (reason) => reported.push(reason),
      onUp: () => reported.push('up'),
    });
    await jest.advanceTimersByTimeAsync(500);
    expect([early.state.starts, reported]).toEqual([1, ['ended by itself', 'up']]);
    other.stop();
  });

  test('that was stopped is left alone', async () => {
    child.end({ expected: true });
    await jest.advanceTimersByTimeAsync(60_000);
    expect([child.state.starts, reported]).toEqual([0, []]);
  });

  test('that keeps ending is restarted after growing delays, of at most 5 s', async () => {
    for (let i = 0; i < 6; i += 1) {
      child.end();
      await jest.advanceTimersByTimeAsync(5_000);
    }
    const delays = reported.filter((line) => line.startsWith('down')).map((line) => Number(/(\d+) ms/.exec(line)?.[1]));
    expect(delays).toEqual([500, 1000, 2000, 4000, 5000, 5000]);
  });

  test('that cannot be started is tried again', async () => {
    child.state.refusal = 'was not ready';
    child.end();
    await jest.advanceTimersByTimeAsync(500 + 1000);
    expect(reported.slice(1)).toEqual(['down: was not ready, 1000 ms', 'down: was not ready, 2000 ms']);
    child.state.refusal = undefined;
    await jest.advanceTimersByTimeAsync(2000);
    expect(reported.at(-1)).toBe('up');
  });

  test('that ran for more than 10 s is restarted after the shortest delay', async () => {
    child.end();
    await jest.advanceTimersByTimeAsync(500);
    await jest.advanceTimersByTimeAsync(10_001);
    child.end();
    expect(reported.at(-1)).toContain(', 500 ms');
  });

  test('that waits for its next start is started at once when a dependency is ready, and only then', async () => {
    child.state.refusal = 'was not ready';
    child.end();
    await jest.advanceTimersByTimeAsync(500 + 1000 + 2000);
    child.state.refusal = undefined;
    const { starts } = child.state;
    supervisor.retryNow();
    supervisor.retryNow();
    await jest.advanceTimersByTimeAsync(0);
    expect([child.state.starts, reported.at(-1)]).toEqual([starts + 1, 'up']);
    supervisor.retryNow();
    await jest.advanceTimersByTimeAsync(60_000);
    expect(child.state.starts).toBe(starts + 1);
  });

  test('whose start is under way when a dependency becomes ready is retried soon if it fails', async () => {
    const gate = Promise.withResolvers<void>();
    child.state.refusal = 'was not ready';
    child.end();
    await jest.advanceTimersByTimeAsync(500 + 1000 + 2000);
    child.state.gate = gate.promise;
    await jest.advanceTimersByTimeAsync(4000);
    supervisor.retryNow();
    gate.resolve();
    await jest.advanceTimersByTimeAsync(0);
    expect(reported.at(-1)).toBe('down: was not ready, 500 ms');
  });

  test('is not started any more after a stop', async () => {
    child.end();
    supervisor.stop();
    supervisor.retryNow();
    await jest.advanceTimersByTimeAsync(60_000);
    expect(child.state.starts).toBe(0);
  });
});

test('a service that is down starts at once when a server is ready again', async () => {
  const server = createProcess();
  const events = { onDown: () => undefined, onUp: () => undefined };
  const all = superviseAll({ servers: [server.managed], services: [child.managed] }, () => events);
  supervisor.stop();
  server.end();
  child.state.refusal = 'the server is away';
  child.end();
  await jest.advanceTimersByTimeAsync(499);
  expect([server.state.starts, child.state.starts]).toEqual([0, 0]);
  const { starts } = child.state;
  child.state.refusal = undefined;
  await jest.advanceTimersByTimeAsync(1);
  expect([server.state.starts, child.state.starts]).toEqual([1, starts + 1]);
  for (const each of all) each.stop();
});
