import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { createDeliveryMemory, type AttemptId } from './delivery-memory.ts';

const attempt = (different: Partial<AttemptId> = {}): AttemptId => ({
  taskKey: '4',
  completionOffset: 7,
  round: 0,
  attempt: 1,
  ...different,
});

describe('an attempt', () => {
  test('is due until it was made', () => {
    const memory = createDeliveryMemory(10);
    expect(memory.isDue(attempt())).toBe(true);
    // It was interrupted.
    expect(memory.isDue(attempt())).toBe(true);
    memory.attempted(attempt(), 'RETRYING');
    expect(memory.isDue(attempt())).toBe(false);
    expect(memory.isDue(attempt({ attempt: 2 }))).toBe(true);
  });

  test.each(['DELIVERED', 'FAILED'] as const)('is not due after the round ended: %s', (state) => {
    const memory = createDeliveryMemory(10);
    memory.attempted(attempt({ attempt: 2 }), state);
    expect(memory.isDue(attempt({ attempt: 3 }))).toBe(false);
  });

  test('of a completion with a higher offset is never due: the lowest is the outcome', () => {
    const memory = createDeliveryMemory(10);
    memory.isDue(attempt());
    expect(memory.isDue(attempt({ completionOffset: 9 }))).toBe(false);
    expect(memory.isDue(attempt({ completionOffset: 5 }))).toBe(true);
    expect(memory.isDue(attempt())).toBe(false);
  });

  test('of an earlier round is not due once a later one was begun, and the other way round', () => {
    const memory = createDeliveryMemory(10);
    memory.attempted(attempt(), 'RETRYING');
    expect(memory.isDue(attempt({ round: 3 }))).toBe(true);
    expect(memory.isDue(attempt({ attempt: 2 }))).toBe(false);
    memory.attempted(attempt({ round: 3 }), 'FAILED');
    expect(memory.isDue(attempt({ round: 3, attempt: 2 }))).toBe(false);
    expect(memory.isDue(attempt({ round: 5 }))).toBe(true);
  });

  test('of a completion that was only seen is due, and one behind it is not', () => {
    const memory = createDeliveryMemory(10);
    memory.seen('4', 7);
    expect(memory.isDue(attempt({ completionOffset: 9 }))).toBe(false);
    expect(memory.isDue(attempt())).toBe(true);
  });

  test('of what comes behind a completion that was none is due', () => {
    const memory = createDeliveryMemory(10);
    memory.isDue(attempt());
    memory.release('4', 7);
    expect(memory.isDue(attempt({ completionOffset: 9 }))).toBe(true);
  });

  test('is forgotten beyond the limit, the task asked for longest ago first', () => {
    const memory = createDeliveryMemory(2);
    for (const taskKey of ['1', '2']) memory.attempted(attempt({ taskKey }), 'DELIVERED');
    expect(memory.isDue(attempt({ taskKey: '1' }))).toBe(false);
    memory.attempted(attempt({ taskKey: '3' }), 'DELIVERED');
    expect(memory.isDue(attempt({ taskKey: '1' }))).toBe(false);
    expect(memory.isDue(attempt({ taskKey: '2' }))).toBe(true);
    expect(memory.size()).toBe(2);
  });
});

describe('attempts that are noted repeatedly', () => {
  const noted = fc.record({
    id: fc.record({
      taskKey: fc.constantFrom('1', '2'),
      completionOffset: fc.constantFrom(5, 7),
      round: fc.nat(2),
      attempt: fc.integer({ min: 1, max: 3 }),
    }),
    state: fc.constantFrom('RETRYING', 'DELIVERED', 'FAILED'),
  });
  const asked = fc.array(noted, { maxLength: 12 });
  const probes = ['1', '2'].flatMap((taskKey) =>
    [5, 7].flatMap((completionOffset) =>
      [0, 1, 2].flatMap((round) =>
        [1, 2, 3, 4].map((number) => ({ taskKey, completionOffset, round, attempt: number })),
      ),
    ),
  );

  /** What is due by this memory; each probe on a memory of its own, for a probe is noted. */
  function dueAfter(events: { id: AttemptId; state: string }[]): boolean[] {
    return probes.map((probe) => {
      const memory = createDeliveryMemory(10);
      for (const { id, state } of events) memory.attempted(id, state as 'RETRYING');
      return memory.isDue(probe);
    });
  }

  test('in any order and with any repetition, makes the same memory: it can be rebuilt from the log', () => {
    const shuffled = asked.chain((events) =>
      fc.record({
        events: fc.constant(events),
        again: fc.shuffledSubarray([...events, ...events], { minLength: events.length * 2 }),
      }),
    );
    fc.assert(
      fc.property(shuffled, ({ events, again }) => {
        expect(dueAfter(again)).toEqual(dueAfter(events));
      }),
    );
  });
});
