/**
 * Which member of a group reads which partitions.
 *
 * The unit is a partition number: whoever has number 3 has it of every topic, so that records of one key in several
 * topics of equal partition count meet in one process. Balanced: no member has two numbers more than another. Sticky:
 * of all balanced assignments it moves the fewest numbers away from the member that has them.
 */
export interface GroupMember {
  memberId: string;
  topics: readonly string[];
  /** What it had after the generation it last took part in. What it has to give up is taken from the end. */
  owned: ReadonlyMap<string, readonly number[]>;
  generation: number;
}

/** For each member, the partitions of each topic. */
export type Assignment = Map<string, Map<string, number[]>>;

/**
 * @param partitionCounts how many partitions each topic has
 *
 * Members that read different topics (while a new version is rolled out) get the topics that they have in common
 * assigned together.
 */
export function assignPartitions(
  members: readonly GroupMember[],
  partitionCounts: ReadonlyMap<string, number>,
): Assignment {
  const assignment: Assignment = new Map(members.map(({ memberId }) => [memberId, new Map()]));
  const topicsByReaders = Map.groupBy([...partitionCounts.keys()].sort(), (topic) =>
    JSON.stringify(members.filter(({ topics }) => topics.includes(topic)).map(({ memberId }) => memberId)),
  );

  for (const topics of topicsByReaders.values()) {
    const readers = members.filter((member) => member.topics.includes(topics[0] as string));
    if (readers.length === 0) continue;
    const numbers = Math.max(...topics.map((topic) => partitionCounts.get(topic) ?? 0));
    for (const [memberId, shares] of assignNumbers(readers, topics, numbers)) {
      for (const topic of topics) {
        const partitions = shares.filter((number) => number < (partitionCounts.get(topic) ?? 0));
        if (partitions.length > 0) assignment.get(memberId)?.set(topic, partitions);
      }
    }
  }
  return assignment;
}

function assignNumbers(
  members: readonly GroupMember[],
  topics: readonly string[],
  count: number,
): Map<string, number[]> {
  const owners = currentOwners(members, topics, count);
  const owned = new Map<string, number[]>(members.map(({ memberId }) => [memberId, []]));
  for (const [number, memberId] of owners) owned.get(memberId)?.push(number);

  // The members that have most come first: they are the ones that may keep one more when it does not come out even.
  const byShare = [...owned].sort(([a, x], [b, y]) => y.length - x.length || compare(a, b));
  const quota = Math.floor(count / members.length);
  const withOneMore = count % members.length;
  const shares = new Map(
    byShare.map(([memberId, numbers], index) => {
      const limit = quota + (index < withOneMore ? 1 : 0);
      return [memberId, { limit, numbers: numbers.slice(0, limit) }];
    }),
  );

  const kept = new Set([...shares.values()].flatMap(({ numbers }) => numbers));
  const free = Array.from({ length: count }, (_, number) => number).filter((number) => !kept.has(number));
  for (const { limit, numbers } of shares.values()) numbers.push(...free.splice(0, limit - numbers.length));
  return new Map([...shares].map(([memberId, { numbers }]) => [memberId, numbers.sort((a, b) => a - b)]));
}

/** Who has each number. Of two that claim it, the one that heard last from the group is right. */
function currentOwners(members: readonly GroupMember[], topics: readonly string[], count: number): Map<number, string> {
  const owners = new Map<number, string>();
  const oldestFirst = [...members].sort((a, b) => a.generation - b.generation || compare(a.memberId, b.memberId));
  for (const { memberId, owned } of oldestFirst)
    for (const topic of topics)
      for (const number of owned.get(topic) ?? []) {
        if (number >= count) continue;
        // To the end of the map: a member's numbers stay in its own order, those that it has had longest first.
        owners.delete(number);
        owners.set(number, memberId);
      }
  return owners;
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
