import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { createHostSlots, type HostSlots } from './host-slots.ts';

const never = new AbortController().signal;

/** Work that runs until it is told to end, and a record of what began. */
function workshop(slots: HostSlots) {
  const begun: string[] = [];
  const ends = new Map<string, () => void>();
  const start = (name: string, signal = never): Promise<void> =>
    slots.run(name.charAt(0), signal, () => {
      begun.push(name);
      return new Promise((resolve) => ends.set(name, resolve));
    });
  const end = async (name: string): Promise<void> => {
    ends.get(name)?.();
    ends.delete(name);
    await settled();
  };
  return { begun, start: (name: string, signal?: AbortSignal) => void start(name, signal).catch(() => {}), end, ends };
}

async function settled(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
}

describe('the slots', () => {
  test('a host takes its own share and leaves the rest to others', async () => {
    const slots = createHostSlots({ maxRunning: 10, maxRunningPerHost: 2 });
    const { begun, start } = workshop(slots);
    for (const name of ['a1', 'a2', 'a3', 'a4', 'b1']) start(name);
    await settled();
    expect(begun).toEqual(['a1', 'a2', 'b1']);
    expect([slots.running(), slots.waiting()]).toEqual([3, 2]);
  });

  test('hosts take turns, and within a host the order is kept', async () => {
    const { begun, start, end } = workshop(createHostSlots({ maxRunning: 1, maxRunningPerHost: 1 }));
    for (const name of ['a1', 'a2', 'a3', 'b1', 'b2']) start(name);
    for (const name of ['a1', 'b1', 'a2', 'b2']) await end(name);
    expect(begun).toEqual(['a1', 'b1', 'a2', 'b2', 'a3']);
  });

  test('one that is aborted while it waits never begins, and holds nobody up', async () => {
    const slots = createHostSlots({ maxRunning: 1, maxRunningPerHost: 1 });
    const { begun, start, end } = workshop(slots);
    const stop = new AbortController();
    start('a1');
    const waiting = slots.run('b', stop.signal, () => Promise.resolve('began'));
    start('c1');
    stop.abort(new Error('stopped'));
    await expect(waiting).rejects.toThrow('stopped');
    await expect(slots.run('d', stop.signal, () => Promise.resolve('began'))).rejects.toThrow('stopped');
    await end('a1');
    expect(begun).toEqual(['a1', 'c1']);
  });

  test('work that fails gives its slot back', async () => {
    const slots = createHostSlots({ maxRunning: 1, maxRunningPerHost: 1 });
    await expect(slots.run('a', never, () => Promise.reject(new Error('failed')))).rejects.toThrow('failed');
    expect(await slots.run('a', never, () => Promise.resolve('began'))).toBe('began');
  });

  test('once closed, what runs ends and nothing else begins', async () => {
    const slots = createHostSlots({ maxRunning: 1, maxRunningPerHost: 1 });
    const { begun, start, end } = workshop(slots);
    for (const name of ['a1', 'a2', 'b1']) start(name);
    const closed = slots.close();
    start('c1');
    await end('a1');
    await closed;
    expect(begun).toEqual(['a1']);
    await expect(createHostSlots({ maxRunning: 1, maxRunningPerHost: 1 }).close()).resolves.toBeUndefined();
  });

  test('the limits hold, nothing is lost and nothing idles, in any order of arrivals and ends', async () => {
    const step = fc.oneof(
      fc.record({ start: fc.constantFrom('a', 'b', 'c') }),
      fc.record({ end: fc.nat() }),
      fc.record({ abort: fc.nat() }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 60 }), fc.integer({ min: 1, max: 4 }), async (steps, perHost) => {
        const limits = { maxRunning: 4, maxRunningPerHost: perHost };
        const slots = createHostSlots(limits);
        const { begun, start, end, ends } = workshop(slots);
        const stops = new Map<string, AbortController>();
        let count = 0;

        const waitingNames = (): string[] => [...stops.keys()].filter((name) => !begun.includes(name));
        for (const next of steps) {
          if ('start' in next) {
            const name = `${next.start}${++count}`;
            stops.set(name, new AbortController());
            start(name, stops.get(name)?.signal);
          } else if ('end' in next) {
            const running = [...ends.keys()];
            if (running.length > 0) await end(running[next.end % running.length] ?? '');
          } else if (waitingNames().length > 0) {
            const name = waitingNames()[next.abort % waitingNames().length] ?? '';
            stops.get(name)?.abort(new Error('stopped'));
            stops.delete(name);
          }
          await settled();
          const running = [...ends.keys()];
          const perHostNow = (host: string): number => running.filter((name) => name.startsWith(host)).length;
          expect(slots.running()).toBe(running.length);
          expect(slots.waiting()).toBe(waitingNames().length);
          expect(running.length).toBeLessThanOrEqual(limits.maxRunning);
          for (const host of ['a', 'b', 'c']) expect(perHostNow(host)).toBeLessThanOrEqual(perHost);
          for (const name of waitingNames()) {
            expect(running.length === limits.maxRunning || perHostNow(name.charAt(0)) === perHost).toBe(true);
          }
        }
        for (let [name] = ends.keys(); name !== undefined; [name] = ends.keys()) await end(name);
        expect(new Set(begun)).toEqual(new Set(stops.keys()));
        expect([slots.running(), slots.waiting()]).toEqual([0, 0]);
      }),
    );
  });
});
