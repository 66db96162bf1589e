import { assignPartitions } from '../../src/consumer/group/assign-partitions.rules.ts';
import { CommitFencedError, partitionId, type Commit, type Membership } from '../../src/consumer/group/group-client.ts';
import type { ConsumedRecord, TopicPartition } from '../../src/record.ts';
import type { VirtualTime } from './virtual-time.ts';

interface Joining {
  instance: string;
  held: { generation: number; partitions: TopicPartition[] };
  /** The generation is there. */
  assigned: (membership: Membership, partitions: TopicPartition[]) => void;
}

interface Member extends Joining {
  memberId: string;
  lastHeardMs: number;
  isJoining: boolean;
}

interface BrokerOptions {
  time: VirtualTime;
  topics: Map<string, number>;
  sessionTimeoutMs: number;
  rebalanceTimeoutMs: number;
  onCommit: (commit: Commit) => void;
  /** A member was put out of the group because it was not heard of. */
  onExpelled: (instance: string) => void;
}

const checkMs = 50;

/**
 * One broker: logs, commits, and the group coordinator of Kafka's classic protocol. A generation forms once all members
 * have joined or the rebalance's time is over; commits of another generation than the current one are refused.
 */
export class SimulatedBroker {
  readonly #options: BrokerOptions;
  readonly #logs = new Map<string, ConsumedRecord[]>();
  readonly #ends = new Map<string, number>();
  readonly #commits = new Map<string, Commit>();
  readonly #members = new Map<string, Member>();
  #generation = 0;
  #rebalanceEndsMs: number | null = null;
  #names = 0;

  constructor(options: BrokerOptions) {
    this.#options = options;
    const check = () => {
      this.#check();
      options.time.after(checkMs, check);
    };
    check();
  }

  get instances(): Set<string> | null {
    if (this.#rebalanceEndsMs !== null) return null;
    return new Set([...this.#members.values()].map(({ instance }) => instance));
  }

  /** @param gap offsets before the record that the log does not have, as after compaction */
  append(source: TopicPartition, key: string, gap: number): ConsumedRecord {
    const id = partitionId(source);
    const offset = (this.#ends.get(id) ?? 0) + gap;
    const timestampMs = this.#options.time.nowMs();
    const record = { ...source, offset, key, value: Buffer.alloc(10), headers: {}, timestampMs };
    this.#logs.set(id, [...(this.#logs.get(id) ?? []), record]);
    this.#ends.set(id, offset + 1);
    return record;
  }

  read(source: TopicPartition, from: number, max: number): ConsumedRecord[] {
    return (this.#logs.get(partitionId(source)) ?? []).filter(({ offset }) => offset >= from).slice(0, max);
  }

  end(source: TopicPartition): number {
    return this.#ends.get(partitionId(source)) ?? 0;
  }

  committed(source: TopicPartition): Commit | undefined {
    return this.#commits.get(partitionId(source));
  }

  commit({ memberId, generation }: Membership, commits: Commit[]): void {
    const member = this.#members.get(memberId);
    if (member === undefined || generation !== this.#generation) throw new CommitFencedError('ILLEGAL_GENERATION');
    for (const commit of commits) {
      this.#commits.set(partitionId(commit), commit);
      this.#options.onCommit(commit);
    }
  }

  /** The member's id; null when the group does not know the one it has. */
  join(memberId: string | null, joining: Joining): string | null {
    if (memberId !== null && !this.#members.has(memberId)) return null;
    const id = memberId ?? `member-${(this.#names += 1)}`;
    const lastHeardMs = this.#options.time.nowMs();
    this.#members.set(id, { ...joining, memberId: id, lastHeardMs, isJoining: true });
    this.#beginRebalance();
    return id;
  }

  heartbeat({ memberId, generation }: Membership): 'ok' | 'rebalance' | 'unknown' {
    const member = this.#members.get(memberId);
    if (member === undefined) return 'unknown';
    member.lastHeardMs = this.#options.time.nowMs();
    return this.#rebalanceEndsMs !== null || generation !== this.#generation ? 'rebalance' : 'ok';
  }

  leave(memberId: string): void {
    if (this.#members.delete(memberId)) this.#beginRebalance();
  }

  #beginRebalance(): void {
    this.#rebalanceEndsMs ??= this.#options.time.nowMs() + this.#options.rebalanceTimeoutMs;
  }

  #check(): void {
    const nowMs = this.#options.time.nowMs();
    for (const { memberId, instance, lastHeardMs, isJoining } of this.#members.values()) {
      const isLate = isJoining ? false : nowMs - lastHeardMs > this.#options.sessionTimeoutMs;
      const isLeftBehind = !isJoining && this.#rebalanceEndsMs !== null && nowMs >= this.#rebalanceEndsMs;
      if (!isLate && !isLeftBehind) continue;
      this.leave(memberId);
      this.#options.onExpelled(instance);
    }
    if (this.#rebalanceEndsMs === null || [...this.#members.values()].some(({ isJoining }) => !isJoining)) return;
    this.#rebalanceEndsMs = null;
    this.#generation += 1;
    this.#assign();
  }

  #assign(): void {
    const { topics, time } = this.#options;
    const members = [...this.#members.values()];
    const assignment = assignPartitions(
      members.map(({ memberId, held }) => {
        const owned = Map.groupBy(held.partitions, ({ topic }) => topic);
        return {
          memberId,
          topics: [...topics.keys()],
          generation: held.generation,
          owned: new Map([...owned].map(([topic, own]) => [topic, own.map(({ partition }) => partition)])),
        };
      }),
      topics,
    );
    for (const member of members) {
      member.isJoining = false;
      member.lastHeardMs = time.nowMs();
      const partitions = [...(assignment.get(member.memberId) ?? [])].flatMap(([topic, own]) =>
        own.map((partition) => ({ topic, partition })),
      );
      member.assigned({ memberId: member.memberId, generation: this.#generation }, partitions);
    }
  }
}
