import { describe, expect, test } from '@jest/globals';
import { backoffMs, createLimitedWarning, retry } from './retry.ts';

test('the backoff doubles up to its limit, half of it random', () => {
  const backoff = { initialMs: 100, maxMs: 1_000 };
  expect([1, 2, 3, 4, 5, 99].map((attempt) => backoffMs(backoff, attempt, 0))).toEqual([50, 100, 200, 400, 500, 500]);
  expect(backoffMs(backoff, 1, 0.5)).toBe(75);
});

describe('retry', () => {
  function failing(times: number) {
    let calls = 0;
    return async () => {
      calls += 1;
      if (calls <= times) throw new Error(`failure ${calls}`);
      return calls;
    };
  }

  test('repeats work until it succeeds', async () => {
    const seen: unknown[] = [];
    const onFailure = (error: unknown, failures: number) => {
      seen.push([(error as Error).message, failures]);
      return 0;
    };
    expect(await retry(failing(2), { onFailure })).toBe(3);
    expect(seen).toEqual([
      ['failure 1', 1],
      ['failure 2', 2],
    ]);
  });

  test('ends with what onFailure throws', async () => {
    const onFailure = (error: unknown): number => {
      throw new Error('given up', { cause: error });
    };
    await expect(retry(failing(1), { onFailure })).rejects.toThrow('given up');
  });

  test('ends with the reason of the signal: before an attempt, in a delay, or in an attempt that fails', async () => {
    const stopped = AbortSignal.abort(new Error('stopped'));
    await expect(retry(failing(0), { signal: stopped, onFailure: () => 0 })).rejects.toThrow('stopped');

    const inDelay = new AbortController();
    const waiting = retry(failing(1), { signal: inDelay.signal, onFailure: () => 60_000 });
    setImmediate(() => inDelay.abort(new Error('stopped')));
    await expect(waiting).rejects.toThrow('stopped');

    const inAttempt = new AbortController();
    const work = async () => {
      inAttempt.abort(new Error('stopped'));
      throw new Error('failure');
    };
    await expect(retry(work, { signal: inAttempt.signal, onFailure: () => 0 })).rejects.toThrow('stopped');
  });

  test('returns the outcome of an attempt that succeeds although the signal fired', async () => {
    const controller = new AbortController();
    const work = async () => {
      controller.abort();
      return 1;
    };
    expect(await retry(work, { signal: controller.signal, onFailure: () => 0 })).toBe(1);
  });
});

function warning() {
  const lines: unknown[][] = [];
  const time = { nowMs: 0 };
  const warn = createLimitedWarning({ warn: (...line) => void lines.push(line) }, 'failed; tried again', {
    nowMs: () => time.nowMs,
  });
  return { lines, time, warn };
}

test('many failures are one line a second, with the number of lines left out', () => {
  const { lines, time, warn } = warning();
  for (let attempt = 1; attempt <= 100; attempt += 1) warn({ attempt });
  time.nowMs = 1_000;
  warn({ attempt: 101 });

  expect(lines).toEqual([
    [{ attempt: 1, suppressed: 0 }, 'failed; tried again'],
    [{ attempt: 101, suppressed: 99 }, 'failed; tried again'],
  ]);
});

test('a failure of another kind is logged at once', () => {
  const { lines, warn } = warning();
  warn({}, 'refused');
  warn({}, 'refused');
  warn({}, 'timed out');
  expect(lines).toHaveLength(2);
});
