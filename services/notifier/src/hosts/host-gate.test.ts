import { describe, expect, test } from '@jest/globals';
import type { Clock } from '@nask/async';
import * as fc from 'fast-check';
import { createHostGate, type HostGateOptions, type Turn } from './host-gate.ts';

const never = new AbortController().signal;

/** A clock that the test sets. */
function manualClock() {
  let nowMs = 1_000_000;
  const tasks = new Set<{ atMs: number; run: () => void }>();
  const clock: Clock = {
    nowMs: () => nowMs,
    after(delayMs, run) {
      const task = { atMs: nowMs + delayMs, run };
      tasks.add(task);
      return () => tasks.delete(task);
    },
  };
  const pass = (ms: number) => {
    nowMs += ms;
    for (const task of [...tasks].filter(({ atMs }) => atMs <= nowMs)) {
      tasks.delete(task);
      task.run();
    }
  };
  return { clock, pass };
}

function gateWith(different: Partial<HostGateOptions> = {}) {
  const { clock, pass } = manualClock();
  const gate = createHostGate({
    maxRunning: 100,
    maxLimit: 4,
    maxStillMs: 1_000,
    maxLineMs: 4_000,
    maxFailures: 3,
    openMs: 30_000,
    clock,
    ...different,
  });
  const enter = (host: string, signal = never) => gate.enter(host, signal);
  const turn = async (host: string) => {
    const entered = await enter(host);
    if (typeof entered === 'string') throw new Error(`refused: ${entered}`);
    return entered;
  };
  return { gate, pass, enter, turn };
}

/** Whether a promise is settled by now. */
async function isPending(promise: Promise<unknown>): Promise<boolean> {
  const pending = Symbol('pending');
  await new Promise(setImmediate);
  return (await Promise.race([promise, Promise.resolve(pending)])) === pending;
}

describe('a host', () => {
  test('begins with two requests; each answer lets one more run, up to the limit; a failure halves them', async () => {
    const { gate, turn, enter } = gateWith();
    const turns = [await turn('a'), await turn('a')];
    const third = enter('a');
    expect(await isPending(third)).toBe(true);
    turns[0]!.leave('answered');
    turns.push((await third) as Turn, await turn('a'));
    for (const one of turns.slice(1)) one.leave('answered');
    const four = await Promise.all([turn('a'), turn('a'), turn('a'), turn('a')]);
    expect(await isPending(enter('a'))).toBe(true);
    expect(gate.running()).toBe(4);
    four[0].leave('failed');
    expect(gate.running()).toBe(3);
  });

  test('where nothing ends refuses those that wait, after a while: busy', async () => {
    const { gate, turn, enter, pass } = gateWith();
    await Promise.all([turn('a'), turn('a')]);
    const waiting = enter('a');
    pass(999);
    expect(await isPending(waiting)).toBe(true);
    pass(1);
    expect(await waiting).toBe('busy');
    expect(gate.waiting()).toBe(0);
  });

  test('where nothing has ended for as long refuses at once, so that nothing piles up in memory', async () => {
    const { gate, turn, enter, pass } = gateWith();
    await Promise.all([turn('a'), turn('a')]);
    pass(1_000);
    expect(await enter('a')).toBe('busy');
    expect(gate.waiting()).toBe(0);
  });

  test('that is fast lets a long line wait, and one that is slow does not: only as many as it gets done in time', async () => {
    const served = async (everyMs: number) => {
      const { gate, turn, enter, pass } = gateWith({ maxLimit: 1 });
      let current: Turn | undefined = await turn('a');
      const next = async () => {
        pass(everyMs);
        const following: Promise<unknown> = enter('a');
        current!.leave('answered');
        current = (await following) as Turn;
      };
      for (let tookMs = 0; tookMs < 3_000; tookMs += everyMs) await next();
      const line = Array.from({ length: 200 }, () => enter('a'));
      await new Promise(setImmediate);
      expect(gate.waiting()).toBeLessThanOrEqual(line.length);
      return gate.waiting();
    };
    expect(await served(10)).toBe(200);
    // Ten a second, four seconds.
    const slow = await served(100);
    expect(slow).toBeGreaterThanOrEqual(40);
    expect(slow).toBeLessThanOrEqual(43);
  });

  test('that moves lets nobody wait for ever', async () => {
    const { turn, enter, pass } = gateWith({ maxLimit: 1, maxRunning: 1 });
    await turn('a');
    const other = enter('b');
    for (let i = 0; i < 4; i += 1) pass(1_000);
    expect(await other).toBe('busy');
  });

  test('that answers gives its waiters their turns in order', async () => {
    const { turn, enter } = gateWith({ maxLimit: 1 });
    const first = await turn('a');
    const order: string[] = [];
    const waits = ['x', 'y', 'z'].map(async (name) => {
      const entered = (await enter('a')) as Turn;
      order.push(name);
      entered.leave('answered');
    });
    first.leave('answered');
    await Promise.all(waits);
    expect(order).toEqual(['x', 'y', 'z']);
  });

  test('takes nothing from another', async () => {
    const { turn, enter } = gateWith();
    await Promise.all([turn('a'), turn('a')]);
    expect(await isPending(enter('a'))).toBe(true);
    expect(await isPending(enter('b'))).toBe(false);
  });
});

describe('a breaker', () => {
  async function fail(turn: (host: string) => Promise<Turn>, times: number): Promise<void> {
    for (let i = 0; i < times; i += 1) (await turn('a')).leave('failed');
  }

  test('opens after so many failures in a row, and refuses: broken', async () => {
    const { gate, turn, enter } = gateWith();
    await fail(turn, 2);
    (await turn('a')).leave('answered');
    await fail(turn, 3);
    expect(await enter('a')).toBe('broken');
    expect(gate.broken()).toBe(1);
    expect(typeof (await enter('b'))).toBe('object');
  });

  test('refuses who waits when it opens', async () => {
    const { turn, enter } = gateWith({ maxFailures: 1 });
    const [one] = await Promise.all([turn('a'), turn('a')]);
    const waiting = enter('a');
    one.leave('failed');
    expect(await waiting).toBe('broken');
  });

  test('lets one through after a while: its failure opens it again, its answer closes it', async () => {
    const { gate, turn, enter, pass } = gateWith();
    await fail(turn, 3);
    pass(30_000);
    const probe = await turn('a');
    expect(await enter('a')).toBe('broken');
    probe.leave('failed');
    expect(await enter('a')).toBe('broken');

    pass(30_000);
    (await turn('a')).leave('answered');
    expect(gate.broken()).toBe(0);
    expect(typeof (await enter('a'))).toBe('object');
  });
});

describe('all hosts together', () => {
  test('have a limit; hosts take turns', async () => {
    const { turn, enter } = gateWith({ maxRunning: 2 });
    const turns = [await turn('a'), await turn('a')];
    const order: string[] = [];
    const wait = async (host: string) => {
      const entered = (await enter(host)) as Turn;
      order.push(host);
      turns.push(entered);
    };
    const waits = [wait('a'), wait('a'), wait('b')];
    turns[0]!.leave('answered');
    turns[1]!.leave('answered');
    await Promise.all(waits.slice(0, 1));
    await new Promise(setImmediate);
    expect(order.toSorted()).toEqual(['a', 'b']);
    turns[2]!.leave('answered');
    await Promise.all(waits);
  });

  test('are never over their limits, whatever comes and ends', async () => {
    const step = fc.record({
      host: fc.constantFrom('a', 'b', 'c'),
      end: fc.constantFrom('answered', 'failed', 'wait'),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
        const { gate, enter, pass } = gateWith({ maxRunning: 5 });
        const running: { host: string; turn: Turn }[] = [];
        const asked: Promise<void>[] = [];
        for (const { host, end } of steps) {
          asked.push(
            enter(host).then((entered) => {
              if (typeof entered === 'object') running.push({ host, turn: entered });
              return undefined;
            }),
          );
          await new Promise(setImmediate);
          expect(gate.running()).toBe(running.length);
          expect(running.length).toBeLessThanOrEqual(5);
          for (const name of ['a', 'b', 'c'])
            expect(running.filter((one) => one.host === name).length).toBeLessThanOrEqual(4);
          if (end === 'wait') pass(700);
          else running.shift()?.turn.leave(end);
        }
        while (gate.running() > 0 || gate.waiting() > 0) {
          running.shift()?.turn.leave('answered');
          await new Promise(setImmediate);
        }
        await Promise.all(asked);
        expect([gate.running(), gate.waiting()]).toEqual([0, 0]);
      }),
      { numRuns: 50 },
    );
  });
});

describe('a signal', () => {
  test('ends the wait with its reason and frees the place', async () => {
    const { gate, turn, enter } = gateWith();
    await Promise.all([turn('a'), turn('a')]);
    const stop = new AbortController();
    const waiting = enter('a', stop.signal);
    stop.abort(new Error('handed over'));
    await expect(waiting).rejects.toThrow('handed over');
    expect(gate.waiting()).toBe(0);
  });
});

test('closing lets nobody in, and ends once what runs has ended', async () => {
  const { gate, turn, enter, pass } = gateWith();
  const running = await turn('a');
  const closed = gate.close();
  const late = enter('b');
  pass(10_000);
  expect(await isPending(late)).toBe(true);
  expect(await isPending(closed)).toBe(true);
  running.leave('answered');
  await closed;
});
