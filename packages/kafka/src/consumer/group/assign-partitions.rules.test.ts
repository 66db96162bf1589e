import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { assignPartitions, type Assignment, type GroupMember } from './assign-partitions.rules.ts';

const topics = ['requested', 'cancelled'];

function member(memberId: string, owned: Record<string, number[]> = {}, generation = 1): GroupMember {
  return { memberId, topics, owned: new Map(Object.entries(owned)), generation };
}

function counts(partitions: number): Map<string, number> {
  return new Map(topics.map((topic) => [topic, partitions]));
}

/** The members as they come back after an assignment. */
function holding(assignment: Assignment, members: string[], generation: number): GroupMember[] {
  return members.map((memberId) => ({
    memberId,
    topics,
    owned: assignment.get(memberId) ?? new Map<string, number[]>(),
    generation: assignment.has(memberId) ? generation : -1,
  }));
}

function numbersOf(assignment: Assignment, memberId: string): number[] {
  return assignment.get(memberId)?.get('requested') ?? [];
}

describe('assignPartitions', () => {
  test('through any joins and leaves: everything once, both topics together, balanced, and as little moved as can be', () => {
    const memberIds = fc.uniqueArray(fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'), {
      minLength: 1,
      maxLength: 8,
    });
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 24 }),
        fc.array(memberIds, { minLength: 1, maxLength: 6 }),
        (count, generations) => {
          let assignment: Assignment = new Map();
          for (const [generation, ids] of generations.entries()) {
            const before = assignment;
            assignment = assignPartitions(holding(before, ids, generation), counts(count));

            const all = ids.flatMap((id) => numbersOf(assignment, id));
            expect(all.sort((a, b) => a - b)).toEqual(Array.from({ length: count }, (_, number) => number));
            const sizes = ids.map((id) => numbersOf(assignment, id).length);
            expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(1);
            for (const id of ids) {
              expect(assignment.get(id)?.get('cancelled')).toEqual(assignment.get(id)?.get('requested'));
              // Whoever has to give up, or gets more, never loses what it could have kept.
              const kept = numbersOf(before, id).filter((number) => numbersOf(assignment, id).includes(number));
              const could = Math.min(numbersOf(before, id).length, numbersOf(assignment, id).length);
              expect(kept.length).toBe(could);
            }
          }
        },
      ),
    );
  });

  test('a member that joins takes its share, and no more moves', () => {
    const before = assignPartitions([member('a'), member('b')], counts(12));
    const after = assignPartitions(holding(before, ['a', 'b', 'c'], 1), counts(12));

    expect(numbersOf(after, 'c')).toHaveLength(4);
    for (const id of ['a', 'b']) {
      expect(numbersOf(before, id)).toEqual(expect.arrayContaining(numbersOf(after, id)));
    }
  });

  test('of two that claim a partition, the one with the newer generation has it', () => {
    const members = [member('old', { requested: [0, 1, 2, 3] }, 3), member('new', { requested: [0, 1] }, 4)];
    const assignment = assignPartitions(members, counts(4));
    expect(numbersOf(assignment, 'new')).toEqual([0, 1]);
    expect(numbersOf(assignment, 'old')).toEqual([2, 3]);
  });

  test('a member that took over from another, which returns, keeps what it had before', () => {
    const members = [member('returned', { requested: [0, 1] }, 3), member('stayed', { requested: [2, 3, 0, 1] }, 4)];
    const assignment = assignPartitions(members, counts(4));
    expect(numbersOf(assignment, 'stayed')).toEqual([2, 3]);
    expect(numbersOf(assignment, 'returned')).toEqual([0, 1]);
  });

  test('a topic with fewer partitions goes along as far as it reaches', () => {
    const assignment = assignPartitions(
      [member('a'), member('b')],
      new Map([
        ['requested', 4],
        ['cancelled', 1],
      ]),
    );
    expect([...(assignment.get('a') ?? [])]).toEqual([
      ['cancelled', [0]],
      ['requested', [0, 1]],
    ]);
    expect([...(assignment.get('b') ?? [])]).toEqual([['requested', [2, 3]]]);
  });

  test('a member that does not read a topic gets nothing of it', () => {
    const older: GroupMember = { memberId: 'older', topics: ['requested'], owned: new Map(), generation: 1 };
    const assignment = assignPartitions([older, member('newer')], counts(4));
    expect(assignment.get('older')?.has('cancelled')).toBe(false);
    expect(assignment.get('newer')?.get('cancelled')).toEqual([0, 1, 2, 3]);
  });

  test('more members than partitions: the rest wait with nothing', () => {
    const assignment = assignPartitions([member('a'), member('b'), member('c')], counts(1));
    expect(['a', 'b', 'c'].map((id) => numbersOf(assignment, id))).toEqual([[0], [], []]);
  });
});
