import { describe, expect, test } from '@jest/globals';
import { shareNextRun } from './log-ends.ts';

/** A question whose answers are given by hand. */
function manual() {
  const runs: PromiseWithResolvers<number>[] = [];
  const ask = shareNextRun(() => {
    const run = Promise.withResolvers<number>();
    runs.push(run);
    return run.promise;
  });
  return { runs, ask };
}

describe('a shared run', () => {
  test('who asks during a run gets the answer of the next one, and shares it', async () => {
    const { runs, ask } = manual();
    const first = ask();
    const others = [ask(), ask(), ask()];
    expect(runs).toHaveLength(1);
    runs[0]!.resolve(1);
    expect(await first).toBe(1);
    expect(runs).toHaveLength(2);
    runs[1]!.resolve(2);
    expect(await Promise.all(others)).toEqual([2, 2, 2]);
  });

  test('a run that failed fails those who shared it, and nobody after them', async () => {
    const { runs, ask } = manual();
    const first = ask();
    const second = ask();
    runs[0]!.reject(new Error('away'));
    await expect(first).rejects.toThrow('away');
    runs[1]!.resolve(2);
    expect(await second).toBe(2);
  });

  test('when nothing is under way a question is asked at once', async () => {
    const { runs, ask } = manual();
    const first = ask();
    runs[0]!.resolve(1);
    await first;
    const second = ask();
    expect(runs).toHaveLength(2);
    runs[1]!.resolve(2);
    expect(await second).toBe(2);
  });
});
