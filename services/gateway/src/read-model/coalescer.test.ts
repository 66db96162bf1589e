import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { createCoalescer } from './coalescer.ts';

describe('coalesced look-ups', () => {
  test('whatever the order: no answer is older than its question, one look-up at a time, of bounded size', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.scheduler(),
        fc.array(fc.integer({ min: 0, max: 9 }), { maxLength: 40 }),
        async (scheduler, keys) => {
          let clock = 0;
          let underWay = 0;
          const coalescer = createCoalescer<number, { key: number; askedAt: number }>(async (batch) => {
            expect(++underWay).toBe(1);
            expect(batch.length).toBeLessThanOrEqual(4);
            expect(new Set(batch).size).toBe(batch.length);
            const askedAt = ++clock;
            await scheduler.schedule(Promise.resolve(), 'look-up');
            underWay -= 1;
            return new Map(batch.filter((key) => key > 0).map((key) => [key, { key, askedAt }]));
          }, 4);
          const all = keys.map(async (key) => {
            await scheduler.schedule(Promise.resolve(), 'question');
            const questionAt = ++clock;
            const answer = await coalescer.get(key);
            if (key === 0) expect(answer).toBeUndefined();
            else expect([answer!.key, answer!.askedAt > questionAt]).toEqual([key, true]);
          });
          await scheduler.waitFor(Promise.all(all));
        },
      ),
    );
  });

  test('what is asked while a look-up is under way is asked in one', async () => {
    const batches: number[][] = [];
    const gate = Promise.withResolvers<void>();
    const coalescer = createCoalescer<number, number>(async (keys) => {
      batches.push(keys);
      await gate.promise;
      return new Map(keys.map((key) => [key, key * 10]));
    }, 100);
    const answers = Promise.all([1, 2, 3, 2].map((key) => coalescer.get(key)));
    gate.resolve();
    expect(await answers).toEqual([10, 20, 30, 20]);
    expect(batches).toEqual([[1], [2, 3]]);
  });

  test('when a look-up fails, everything that waits fails with it, and the next question is asked again', async () => {
    const gate = Promise.withResolvers<ReadonlyMap<number, number>>();
    const lookUps = [() => gate.promise, async () => new Map([[5, 50]])];
    const coalescer = createCoalescer<number, number>(() => lookUps.shift()!(), 1);
    const answers = Promise.allSettled([1, 2, 3].map((key) => coalescer.get(key)));
    gate.reject(new Error('away'));
    expect((await answers).map((answer) => answer.status)).toEqual(['rejected', 'rejected', 'rejected']);
    expect(await coalescer.get(5)).toBe(50);
  });
});
