import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { FairGate } from './fair-gate.ts';

const never = new AbortController().signal;

/** Enters without waiting for it; `order` gets the name once it is in. */
function enter(gate: FairGate, key: string, name: string, order: string[], signal = never) {
  const entered = gate.enter(key, signal);
  void entered.then(
    () => order.push(name),
    () => order.push(`${name} gave up`),
  );
  return entered;
}

describe('a fair gate', () => {
  test('lets the lines take turns, so a flood of one key does not shut out another', async () => {
    const gate = new FairGate(1);
    const order: string[] = [];
    const first = enter(gate, 'flood', 'first', order);
    const flood = Array.from({ length: 5 }, (_, i) => enter(gate, 'flood', `flood ${i}`, order));
    const other = [enter(gate, 'other', 'other 0', order), enter(gate, 'other', 'other 1', order)];
    for (const entered of [first, flood[0]!, other[0]!, flood[1]!, other[1]!, flood[2]!, flood[3]!, flood[4]!])
      (await entered)();
    expect(order).toEqual(['first', 'flood 0', 'other 0', 'flood 1', 'other 1', 'flood 2', 'flood 3', 'flood 4']);
    expect(gate.load).toEqual({ entered: 0, waiting: 0 });
  });

  test('whoever gives up leaves the line, and the place goes to the next', async () => {
    const gate = new FairGate(1);
    const order: string[] = [];
    const leave = await gate.enter('a', never);
    const controller = new AbortController();
    const givesUp = enter(gate, 'a', 'impatient', order, controller.signal);
    const next = enter(gate, 'a', 'next', order);
    controller.abort(new Error('enough'));
    await expect(givesUp).rejects.toThrow('enough');
    leave();
    (await next)();
    expect(order).toEqual(['impatient gave up', 'next']);
  });

  test('whoever is aborted before does not even stand in line', async () => {
    const gate = new FairGate(1);
    await expect(gate.enter('a', AbortSignal.abort(new Error('enough')))).rejects.toThrow('enough');
    expect(gate.load).toEqual({ entered: 0, waiting: 0 });
  });

  test('a place is given back once, however often it is said', async () => {
    const gate = new FairGate(2);
    const leave = await gate.enter('a', never);
    await gate.enter('a', never);
    leave();
    leave();
    expect(gate.load).toEqual({ entered: 1, waiting: 0 });
  });

  test('in any order of coming, leaving, giving up and resizing: never more let in than places, nobody lost, no place lost', async () => {
    const step = fc.oneof(
      fc.record({ do: fc.constant('come' as const), key: fc.constantFrom('a', 'b', 'c') }),
      fc.record({ do: fc.constantFrom('leave' as const, 'give up' as const), who: fc.nat() }),
      fc.record({ do: fc.constant('resize' as const), places: fc.integer({ min: 1, max: 3 }) }),
    );
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 3 }), fc.array(step, { maxLength: 60 }), async (places, steps) => {
        const gate = new FairGate(places);
        let most = places;
        const inside: (() => void)[] = [];
        const waiting: AbortController[] = [];
        for (const step of steps) {
          const insideBefore = inside.length;
          if (step.do === 'come') waiting.push(come(gate, step.key, inside, waiting));
          else if (step.do === 'leave') inside.splice(step.who % Math.max(1, inside.length), 1)[0]?.();
          else if (step.do === 'resize') gate.resize((most = step.places));
          else waiting[step.who % Math.max(1, waiting.length)]?.abort();
          await new Promise(setImmediate);
          expect(gate.load).toEqual({ entered: inside.length, waiting: waiting.length });
          expect(waiting.length === 0 || inside.length >= most).toBe(true);
          expect(step.do !== 'come' || inside.length <= Math.max(most, insideBefore)).toBe(true);
        }
        while (inside.length > 0) {
          inside.pop()!();
          await new Promise(setImmediate);
        }
        expect(gate.load).toEqual({ entered: 0, waiting: 0 });
      }),
    );
  });
});

/** Comes to the gate, and moves from `waiting` to `inside` by itself. */
function come(gate: FairGate, key: string, inside: (() => void)[], waiting: AbortController[]): AbortController {
  const controller = new AbortController();
  gate
    .enter(key, controller.signal)
    .then((leave) => inside.push(leave))
    .catch(() => {})
    .finally(() => waiting.splice(waiting.indexOf(controller), 1));
  return controller;
}
