import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { createLifecycle, deadlineIn, settledWithin, type Component } from './lifecycle.ts';

const logger = { info() {}, debug() {}, error() {} };
const graceMs = 60_000;

/** Components that write down what is done to them. */
function recorded(names: string[], behaviour: Record<string, Partial<Component>> = {}) {
  const calls: string[] = [];
  const components = names.map((name): Component => ({
    name,
    async start(options) {
      calls.push(`start ${name}`);
      await behaviour[name]?.start?.(options);
    },
    async stop(options) {
      calls.push(`stop ${name}`);
      await behaviour[name]?.stop?.(options);
    },
  }));
  return { calls, components };
}

const never = () => new Promise<void>(() => {});
const failing = (message: string) => () => Promise.reject(new Error(message));

describe('a lifecycle', () => {
  test('starts in order and stops in reverse', async () => {
    const { calls, components } = recorded(['a', 'b', 'c']);
    const lifecycle = createLifecycle({ components, logger, graceMs });
    await lifecycle.start();
    await lifecycle.stop('end');
    expect(calls).toEqual(['start a', 'start b', 'start c', 'stop c', 'stop b', 'stop a']);
  });

  test('logs where a server listens once it has started, and of no other component', async () => {
    const lines: unknown[][] = [];
    let isStarted = false;
    const server: Component = {
      name: 'api',
      start: () => Promise.resolve(void (isStarted = true)),
      address: () => (isStarted ? 'http://127.0.0.1:8000' : 'nowhere'),
    };
    const recording = { ...logger, info: (...line: unknown[]) => void lines.push(line) };
    await createLifecycle({ components: [{ name: 'store' }, server], logger: recording, graceMs }).start();
    expect(lines).toEqual([[{ component: 'api', url: 'http://127.0.0.1:8000' }, 'listening']]);
  });

  test('starts a component only when the one before it has started', async () => {
    const started = Promise.withResolvers<void>();
    const { calls, components } = recorded(['a', 'b'], { a: { start: () => started.promise } });
    const start = createLifecycle({ components, logger, graceMs }).start();
    await Promise.resolve();
    expect(calls).toEqual(['start a']);
    started.resolve();
    await start;
    expect(calls).toEqual(['start a', 'start b']);
  });

  test('start and stop may be missing, and may be repeated', async () => {
    const { calls, components } = recorded(['a']);
    const lifecycle = createLifecycle({ components: [{ name: 'bare' }, ...components], logger, graceMs });
    await Promise.all([lifecycle.start(), lifecycle.start()]);
    await lifecycle.start();
    await Promise.all([lifecycle.stop('one'), lifecycle.stop('two')]);
    await lifecycle.stop('three');
    expect(calls).toEqual(['start a', 'stop a']);
  });

  test('a failing start names its component, and what had started is stopped first', async () => {
    const { calls, components } = recorded(['a', 'b', 'c', 'd'], { c: { start: failing('port in use') } });
    const lifecycle = createLifecycle({ components, logger, graceMs });
    await expect(lifecycle.start()).rejects.toMatchObject({
      code: 'START_FAILED',
      component: 'c',
      message: 'c: port in use',
    });
    expect(calls).toEqual(['start a', 'start b', 'start c', 'stop b', 'stop a']);
  });

  test('a start that throws rather than rejects is the same', async () => {
    const throws = () => {
      throw new Error('at once');
    };
    const lifecycle = createLifecycle({ components: [{ name: 'a', start: throws }], logger, graceMs });
    await expect(lifecycle.start()).rejects.toThrow('a: at once');
  });

  test('a component that fails to stop is named, and the others are stopped all the same', async () => {
    const { calls, components } = recorded(['a', 'b', 'c'], { b: { stop: failing('stuck') } });
    const lifecycle = createLifecycle({ components, logger, graceMs });
    await lifecycle.start();
    await expect(lifecycle.stop('end')).rejects.toMatchObject({ code: 'STOP_INCOMPLETE', failed: ['b'], overdue: [] });
    expect(calls.slice(3)).toEqual(['stop c', 'stop b', 'stop a']);
  });

  test('a component that exceeds the grace period is named, and the others are still stopped', async () => {
    const { calls, components } = recorded(['a', 'b'], { b: { stop: never } });
    const lifecycle = createLifecycle({ components, logger, graceMs: 1 });
    await lifecycle.start();
    await expect(lifecycle.stop('end')).rejects.toMatchObject({
      overdue: ['b'],
      message: 'not done within the grace period: b',
    });
    expect(calls.slice(2)).toEqual(['stop b', 'stop a']);
  });

  test('each stop is told what is left of the grace period', async () => {
    const told: number[] = [];
    const note = { stop: async ({ graceMs }: { graceMs: number }) => void told.push(graceMs) };
    const { components } = recorded(['a', 'b', 'c'], { a: note, b: { stop: never }, c: note });
    const lifecycle = createLifecycle({ components, logger, graceMs: 20 });
    await lifecycle.start();
    await expect(lifecycle.stop('end')).rejects.toMatchObject({ overdue: ['b'] });
    expect(told[0]).toBeGreaterThan(0);
    expect(told[0]).toBeLessThanOrEqual(20);
    expect(told[1]).toBeLessThan(told[0] ?? 0);
  });

  test('a stop during the start ends it: the signal aborts, what is starting is stopped, nothing more is started', async () => {
    const reached = Promise.withResolvers<void>();
    const waitsForTheSignal = ({ signal }: { signal: AbortSignal }) =>
      new Promise<void>((_, reject) => {
        signal.addEventListener('abort', () => reject(new Error('gave up')));
        reached.resolve();
      });
    const { calls, components } = recorded(['a', 'b', 'c'], { b: { start: waitsForTheSignal } });
    const lifecycle = createLifecycle({ components, logger, graceMs });
    const start = lifecycle.start();
    await reached.promise;
    await Promise.all([lifecycle.stop('SIGTERM'), expect(start).rejects.toMatchObject({ code: 'START_INTERRUPTED' })]);
    expect(calls).toEqual(['start a', 'start b', 'stop b', 'stop a']);
  });

  test('a start that heeds neither the signal nor stop is overdue', async () => {
    const { components } = recorded(['a'], { a: { start: never } });
    const lifecycle = createLifecycle({ components, logger, graceMs: 1 });
    void lifecycle.start();
    await expect(lifecycle.stop('SIGTERM')).rejects.toMatchObject({ overdue: ['a'] });
  });

  test('a stop before the start: nothing is started', async () => {
    const { calls, components } = recorded(['a']);
    const lifecycle = createLifecycle({ components, logger, graceMs });
    await lifecycle.stop('early');
    await expect(lifecycle.start()).rejects.toMatchObject({ code: 'START_INTERRUPTED' });
    expect(calls).toEqual([]);
  });

  test('whatever fails: what started is stopped once, in reverse, and nothing else is', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.record({ startFails: fc.boolean(), stopFails: fc.boolean() }), { maxLength: 8 }),
        fc.boolean(),
        async (plan, interrupts) => {
          const names = plan.map((_, index) => `${index}`);
          const faultsOf = ({ startFails, stopFails }: (typeof plan)[number]) => ({
            start: startFails ? failing('start') : undefined,
            stop: stopFails ? failing('stop') : undefined,
          });
          const behaviour = Object.fromEntries(plan.map((faults, index) => [`${index}`, faultsOf(faults)]));
          const { calls, components } = recorded(names, behaviour);
          const lifecycle = createLifecycle({ components, logger, graceMs });
          const start = lifecycle.start();
          if (!interrupts) await Promise.allSettled([start]);
          await Promise.allSettled([start, lifecycle.stop('end'), lifecycle.stop('again')]);

          const begun = calls.filter((call) => call.startsWith('start')).map((call) => call.slice(6));
          const stopped = calls.filter((call) => call.startsWith('stop')).map((call) => call.slice(5));
          expect(begun).toEqual(names.slice(0, begun.length));
          const failed = interrupts ? [] : begun.filter((name) => plan[Number(name)]?.startFails);
          expect(stopped).toEqual(begun.filter((name) => !failed.includes(name)).toReversed());
        },
      ),
    );
  });
});

test('a deadline counts down to 0 and no further', () => {
  let nowMs = 1_000;
  const deadline = deadlineIn(50, () => nowMs);
  expect(deadline.remainingMs()).toBe(50);
  nowMs = 1_020;
  expect(deadline.remainingMs()).toBe(30);
  nowMs = 2_000;
  expect(deadline.remainingMs()).toBe(0);
});

describe('settledWithin', () => {
  test('says whether the promise was settled in time', async () => {
    expect(await settledWithin(Promise.resolve(), 60_000)).toBe('settled');
    expect(await settledWithin(new Promise(() => {}), 1)).toBe('overdue');
  });

  test('passes on a rejection', async () => {
    await expect(settledWithin(Promise.reject(new Error('no')), 60_000)).rejects.toThrow('no');
  });
});
