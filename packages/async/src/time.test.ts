import { describe, expect, test } from '@jest/globals';
import { TimeoutError, within } from './time.ts';

describe('waiting within a time', () => {
  test('gives what came in time, good or bad', async () => {
    expect(await within(60_000, 'x', Promise.resolve(1))).toBe(1);
    await expect(within(60_000, 'x', Promise.reject(new Error('bad')))).rejects.toThrow('bad');
  });

  test('gives up on what does not come', async () => {
    const never = new Promise(() => {});
    await expect(within(1, 'the answer', never)).rejects.toThrow(new TimeoutError('the answer', 1));
    await expect(within(-5, 'the answer', never)).rejects.toThrow('0 ms');
  });
});
