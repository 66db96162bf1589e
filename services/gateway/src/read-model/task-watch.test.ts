import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { UnavailableError } from '../errors.ts';
import type { TaskState } from './task-state.rules.ts';
import { createTaskWatch } from './task-watch.ts';

const never = new AbortController().signal;
const stateAt = (offset: number): TaskState => ({ status: 'STARTED', positions: { 'tasks.progressed': offset } });
const nextTurn = () => new Promise<void>((resolve) => setImmediate(resolve));

/** A read model in which tasks are moved by hand, and all looks at it. */
function createWorld(maxKeys: number) {
  const states = new Map<number, TaskState>();
  const looks: number[][] = [];
  const watch = createTaskWatch({
    async read(ids) {
      looks.push(ids);
      return new Map(ids.flatMap((id) => (states.has(id) ? [[id, states.get(id)!] as const] : [])));
    },
    pause: nextTurn,
    maxKeys,
  });
  return { states, looks, watch };
}

describe('the watch of tasks', () => {
  test('many who wait for one task, and for many, share one look-up at a time, of bounded size', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.integer({ min: 1, max: 60 }), { minLength: 1, maxLength: 300 }), async (ids) => {
        let underWay = 0;
        const states = new Map<number, TaskState>();
        const watch = createTaskWatch({
          async read(keys) {
            expect(++underWay).toBe(1);
            expect(keys.length).toBeLessThanOrEqual(10);
            expect(new Set(keys).size).toBe(keys.length);
            await nextTurn();
            underWay -= 1;
            return new Map(keys.flatMap((id) => (states.has(id) ? [[id, states.get(id)!] as const] : [])));
          },
          pause: nextTurn,
          maxKeys: 10,
        });
        const news = ids.map((id) => watch.next(id, undefined, never));
        for (const id of new Set(ids)) states.set(id, stateAt(id));
        expect(await Promise.all(news)).toEqual(ids.map((id) => stateAt(id)));
      }),
      { numRuns: 30 },
    );
  });

  test('resolves with a state that is not the one that was seen, also when the task is gone', async () => {
    const { states, watch } = createWorld(10);
    states.set(1, stateAt(1));
    const news = watch.next(1, stateAt(1), never);
    await nextTurn();
    states.set(1, stateAt(2));
    expect(await news).toEqual(stateAt(2));
    const gone = watch.next(1, stateAt(2), never);
    states.delete(1);
    expect(await gone).toBeUndefined();
  });

  test('a task that nobody hints at has its turn, however many changes are likely elsewhere', async () => {
    const { states, looks, watch } = createWorld(5);
    const quiet = watch.next(1_000, undefined, never);
    while (looks.length < 40) await nextTurn();
    const leave = new AbortController();
    const busy = Array.from({ length: 50 }, (_, id) => watch.next(id + 1, undefined, leave.signal));
    const hinting = setInterval(() => {
      for (let id = 1; id <= 50; id++) watch.hint(id);
    }, 0);
    states.set(1_000, stateAt(1));
    expect(await quiet).toEqual(stateAt(1));
    clearInterval(hinting);
    leave.abort(new Error('left'));
    await Promise.allSettled(busy);
  });

  test('while nothing says that there is a change it looks calmly, until something does', async () => {
    const calm = Promise.withResolvers<void>();
    const looks: number[][] = [];
    const watch = createTaskWatch({
      async read(ids) {
        looks.push(ids);
        return new Map(looks.length > 1 ? [[1, stateAt(1)]] : []);
      },
      pause: (isCalm) => (isCalm ? new Promise(() => calm.resolve()) : nextTurn()),
      maxKeys: 10,
    });
    const news = watch.next(1, undefined, never);
    await calm.promise;
    expect(looks).toEqual([[1]]);
    watch.hint(1);
    expect(await news).toEqual(stateAt(1));
  });

  test('what is hinted at is looked at next', async () => {
    const { looks, watch } = createWorld(5);
    const leave = new AbortController();
    const waits = Array.from({ length: 100 }, (_, id) => watch.next(id + 1, undefined, leave.signal));
    while (looks.length < 1_000) await nextTurn();
    watch.hint(77);
    const before = looks.length;
    while (looks.length < before + 1) await nextTurn();
    expect(looks[before]).toEqual([77]);
    leave.abort(new Error('left'));
    await Promise.allSettled(waits);
  });

  test('a look that fails is made again', async () => {
    const answers = [async () => Promise.reject(new Error('away')), async () => new Map([[1, stateAt(1)]])];
    const watch = createTaskWatch({ read: () => answers.shift()!(), pause: nextTurn, maxKeys: 10 });
    expect(await watch.next(1, undefined, never)).toEqual(stateAt(1));
  });

  test('a wait ends when its signal fires, and nobody is looked for any more', async () => {
    const { looks, watch } = createWorld(10);
    const leave = new AbortController();
    const wait = watch.next(1, undefined, leave.signal);
    leave.abort(new Error('left'));
    await expect(wait).rejects.toThrow('left');
    await expect(watch.next(1, undefined, leave.signal)).rejects.toThrow('left');
    await nextTurn();
    const before = looks.length;
    for (let turn = 0; turn < 10; turn++) await nextTurn();
    expect(looks.length).toBe(before);
  });

  test('closed, it ends all waiting, now and later', async () => {
    const { watch } = createWorld(10);
    const waits = [1, 1, 2].map((id) => watch.next(id, undefined, never));
    watch.close(new UnavailableError('STOPPING', 'stopping'));
    for (const wait of [...waits, watch.next(3, undefined, never)]) await expect(wait).rejects.toThrow('stopping');
  });
});
