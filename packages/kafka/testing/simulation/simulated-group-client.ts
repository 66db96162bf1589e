import {
  partitionId,
  type Commit,
  type GroupClient,
  type GroupListener,
  type LogBounds,
  type Membership,
} from '../../src/consumer/group/group-client.ts';
import type { TopicPartition } from '../../src/record.ts';
import type { SimulatedBroker } from './simulated-broker.ts';
import type { SimulatedProcess } from './simulated-process.ts';
import type { VirtualTime } from './virtual-time.ts';

const heartbeatMs = 200;
const fetchMs = 40;
const maxFetch = 20;
const requestTimeoutMs = 500;

/** A member of the simulated group. Like kafkajs, it begins each generation at the commits. */
export class SimulatedGroupClient implements GroupClient {
  readonly #time: VirtualTime;
  readonly #process: SimulatedProcess;
  readonly #broker: SimulatedBroker;
  readonly #instance: string;
  readonly #positions = new Map<string, number>();
  readonly #paused = new Set<string>();
  #listener: GroupListener | null = null;
  #membership: Membership | null = null;
  #memberId: string | null = null;
  #assigned: TopicPartition[] = [];
  #lastArrivalMs = 0;
  #cutOffUntilMs = 0;
  #joining = false;
  #stopped = false;

  constructor(options: { time: VirtualTime; process: SimulatedProcess; broker: SimulatedBroker; instance: string }) {
    this.#time = options.time;
    this.#process = options.process;
    this.#broker = options.broker;
    this.#instance = options.instance;
  }

  /** Requests of this member, or their answers, do not arrive for so long. */
  cutOff(forMs: number): void {
    this.#cutOffUntilMs = this.#time.nowMs() + forMs;
  }

  start(listener: GroupListener): void {
    this.#listener = listener;
    void this.#join();
    this.#every(heartbeatMs, () => void this.#heartbeat());
    this.#every(fetchMs, () => this.#fetch());
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#ask(() => this.#broker.leave(this.#memberId ?? '')).catch(() => undefined);
  }

  seek(partition: TopicPartition, offset: number): void {
    this.#positions.set(partitionId(partition), offset);
  }

  pause(partitions: TopicPartition[]): void {
    for (const partition of partitions) this.#paused.add(partitionId(partition));
  }

  resume(partitions: TopicPartition[]): void {
    for (const partition of partitions) this.#paused.delete(partitionId(partition));
  }

  commit(membership: Membership, commits: Commit[]): Promise<void> {
    return this.#ask(() => this.#broker.commit(membership, commits));
  }

  committed(partitions: TopicPartition[]): Promise<Commit[]> {
    return this.#ask(() => partitions.flatMap((partition) => this.#broker.committed(partition) ?? []));
  }

  bounds(partitions: TopicPartition[]): Promise<LogBounds[]> {
    return this.#ask(() =>
      partitions.map(({ topic, partition }) => {
        return { topic, partition, logStart: 0, logEnd: this.#broker.end({ topic, partition }) };
      }),
    );
  }

  instances(): Promise<Set<string> | null> {
    return this.#ask(() => this.#broker.instances);
  }

  async #join(): Promise<void> {
    if (this.#joining || this.#stopped) return;
    this.#joining = true;
    const { promise: assigned, resolve } = Promise.withResolvers<[Membership, TopicPartition[]]>();
    try {
      this.#memberId = await this.#ask(() =>
        this.#broker.join(this.#memberId, {
          instance: this.#instance,
          held: this.#listener!.held(),
          assigned: (...assignment) => resolve(assignment),
        }),
      );
      if (this.#memberId !== null) await this.#begin(...(await assigned));
    } catch {
      // Tried again with the next heartbeat.
    } finally {
      this.#joining = false;
    }
  }

  async #begin(membership: Membership, partitions: TopicPartition[]): Promise<void> {
    await this.#pass(this.#latencyMs());
    if (this.#stopped) return;
    this.#membership = membership;
    this.#assigned = partitions;
    for (const partition of partitions)
      this.#positions.set(partitionId(partition), this.#broker.committed(partition)?.offset ?? 0);
    this.#listener!.assigned(membership, partitions);
  }

  async #heartbeat(): Promise<void> {
    if (this.#joining || this.#stopped) return;
    const membership = this.#membership;
    if (membership === null || this.#memberId === null) return this.#join();
    const answer = await this.#ask(() => this.#broker.heartbeat(membership)).catch(() => 'lost' as const);
    if (answer === 'unknown') this.#memberId = null;
    if (answer === 'rebalance' || answer === 'unknown') await this.#join();
  }

  #fetch(): void {
    if (this.#joining || this.#stopped || this.#membership === null || this.#isCutOff()) return;
    this.#listener!.polled();
    for (const partition of this.#assigned) {
      const id = partitionId(partition);
      const position = this.#positions.get(id) ?? 0;
      const records = this.#broker.read(partition, position, maxFetch);
      const last = records.at(-1);
      if (this.#paused.has(id) || last === undefined) continue;
      const batch = { ...partition, fetchedOffset: position, records, highWatermark: this.#broker.end(partition) };
      const taken = this.#listener!.fetched({ ...batch, nextOffset: last.offset + 1 });
      if (taken && this.#positions.get(id) === position) this.#positions.set(id, last.offset + 1);
    }
  }

  /** There and back again. Cut off, it fails; whether it had its effect, nobody knows. One connection: in order. */
  async #ask<T>(request: () => T): Promise<T> {
    if (this.#isCutOff() && this.#time.random() < 0.7) {
      await this.#pass(requestTimeoutMs);
      throw new Error('no answer');
    }
    const arrivalMs = Math.max(this.#lastArrivalMs, this.#time.nowMs() + this.#latencyMs());
    this.#lastArrivalMs = arrivalMs;
    // What is on the wire arrives, whatever becomes of the process.
    await new Promise<void>((resolve) => this.#time.after(arrivalMs - this.#time.nowMs(), resolve));
    const answer = request();
    if (this.#isCutOff()) {
      await this.#pass(requestTimeoutMs);
      throw new Error('no answer');
    }
    await this.#pass(this.#latencyMs());
    return answer;
  }

  #pass(ms: number): Promise<void> {
    return new Promise((resolve) => this.#process.after(ms, resolve));
  }

  #every(ms: number, task: () => void): void {
    const again = () => {
      if (this.#stopped) return;
      task();
      this.#process.after(ms, again);
    };
    this.#process.after(ms, again);
  }

  #latencyMs(): number {
    return this.#time.between(1, 20);
  }

  #isCutOff(): boolean {
    return this.#time.nowMs() < this.#cutOffUntilMs;
  }
}
