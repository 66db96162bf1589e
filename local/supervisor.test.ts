import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import type { ManagedProcess, ProcessExit } from './stack/managed-process.ts';
import { supervise, type Supervisor } from './supervisor.ts';

/** A process in memory: it ends when the test says so, and starts unless the test forbids it. */
function createProcess() {
  const listeners: ((exit: ProcessExit) => void)[] = [];
  const state = { starts: 0, refusal: undefined as string | undefined };
  const managed = {
    name: 'executor',
    start: async () => {
      state.starts += 1;
      if (state.refusal) throw new Error(`${state.refusal}\nand its log`);
    },
    onExit: (listener: (exit: ProcessExit) => void) => void listeners.push(listener),
  } as ManagedProcess;
  const end = (exit: Partial<ProcessExit> = {}) =>
    listeners.forEach((listener) => listener({ code: 1, signal: null, expected: false, ...exit }));
  return { managed, state, end };
}

let told: string[];
let supervisor: Supervisor;
let child: ReturnType<typeof createProcess>;

beforeEach(() => {
  jest.useFakeTimers();
  told = [];
  child = createProcess();
  supervisor = supervise(child.managed, {
    onDown: (reason, delayMs) => told.push(`down: ${reason}, ${delayMs} ms`),
    onUp: () => told.push('up'),
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
    expect(told).toEqual(['down: ended by itself (SIGKILL), 500 ms', 'up']);
  });

  test('that was stopped is left alone', async () => {
    child.end({ expected: true });
    await jest.advanceTimersByTimeAsync(60_000);
    expect([child.state.starts, told]).toEqual([0, []]);
  });

  test('that keeps ending is started less and less often, at least every 30 s', async () => {
    for (let i = 0; i < 9; i += 1) {
      child.end();
      await jest.advanceTimersByTimeAsync(30_000);
    }
    const delays = told.filter((line) => line.startsWith('down')).map((line) => Number(/(\d+) ms/.exec(line)?.[1]));
    expect(delays).toEqual([500, 1000, 2000, 4000, 8000, 16_000, 30_000, 30_000, 30_000]);
  });

  test('that cannot be started is tried again', async () => {
    child.state.refusal = 'executor was not ready';
    child.end();
    await jest.advanceTimersByTimeAsync(500 + 1000);
    expect(told.slice(1)).toEqual(['down: executor was not ready, 1000 ms', 'down: executor was not ready, 2000 ms']);
    child.state.refusal = undefined;
    await jest.advanceTimersByTimeAsync(2000);
    expect(told.at(-1)).toBe('up');
  });

  test('that ran for a minute is started soon again', async () => {
    child.end();
    await jest.advanceTimersByTimeAsync(500);
    await jest.advanceTimersByTimeAsync(61_000);
    child.end();
    expect(told.at(-1)).toContain('500 ms');
  });

  test('is not started any more after a stop', async () => {
    child.end();
    supervisor.stop();
    await jest.advanceTimersByTimeAsync(60_000);
    expect(child.state.starts).toBe(0);
  });
});
