import { sleep, type Dispatcher, type DispatcherHost } from '../../src/consumer/dispatch/dispatcher.ts';
import { Engine } from '../../src/consumer/engine.ts';
import { partitionId, type Commit } from '../../src/consumer/group/group-client.ts';
import { BatchDispatcher, type BatchHandler } from '../../src/consumer/dispatch/batch-dispatcher.ts';
import { RecordDispatcher, type RecordHandler } from '../../src/consumer/dispatch/record-dispatcher.ts';
import { startAtCommit } from '../../src/consumer/partitions/owned-partition.ts';
import type { Ordering } from '../../src/consumer/dispatch/work-queue.ts';
import type { ConsumedRecord, Position, TopicPartition } from '../../src/record.ts';
import { silentLogger } from '../silent-logger.ts';
import { SimulatedBroker } from './simulated-broker.ts';
import { SimulatedGroupClient } from './simulated-group-client.ts';
import { SimulatedProcess } from './simulated-process.ts';
import { VirtualTime } from './virtual-time.ts';

interface SimulationOptions {
  seed: number;
  partitions: number;
  ordering: Ordering | 'in batches';
  maxMetadataLength: number;
}

const topics = ['requested', 'cancelled'];
const sessionTimeoutMs = 3_000;
const handOverTimeoutMs = 5_000;
/** Records of a topic. */
const maxBuffered = 40;
/** Of both topics; and a fetch that is under way comes on top, as much again. */
export const mostBufferedAllowed = 2 * 2 * maxBuffered;
const longestDayMs = 24 * 3_600_000;

interface Consumer {
  name: string;
  process: SimulatedProcess;
  client: SimulatedGroupClient;
  engine: Engine;
  /** What ended here and no commit told yet. */
  uncommitted: Map<string, Position>;
  /** Cut off, frozen or put out of the group: what ends here until then may be repeated by another. */
  troubledUntilMs: number;
}

/**
 * A group of consumers on a simulated broker, in virtual time, and the books that are kept of it: which records there
 * are, how often each has ended, and which of them a crash or a cut connection excuses for ending again.
 */
export class SimulatedGroup {
  readonly time: VirtualTime;
  readonly broker: SimulatedBroker;
  /** What is wrong, in words; empty when all is well. */
  readonly faults: string[] = [];
  readonly #options: SimulationOptions;
  readonly #records = new Map<string, ConsumedRecord>();
  readonly #endings = new Map<string, number>();
  readonly #excused = new Set<string>();
  readonly #busyKeys = new Map<string, string>();
  #consumers: Consumer[] = [];
  #names = 0;

  constructor(options: SimulationOptions) {
    this.#options = options;
    this.time = new VirtualTime(options.seed);
    this.broker = new SimulatedBroker({
      time: this.time,
      topics: new Map(topics.map((topic) => [topic, options.partitions])),
      sessionTimeoutMs,
      rebalanceTimeoutMs: 4_000,
      onCommit: (commit) => this.#checkCommit(commit),
      onExpelled: (name) => this.#trouble(this.#consumers.find((consumer) => consumer.name === name)),
    });
  }

  /** Most records that a member has read and not started: now. */
  get mostBuffered(): number {
    const ofPartitions = ({ engine }: Consumer) => engine.assignments.partitions.map((each) => each.bufferedRecords);
    return Math.max(...this.#consumers.map((each) => ofPartitions(each).reduce((sum, count) => sum + count, 0)));
  }

  get size(): number {
    return this.#consumers.length;
  }

  /** Records that ended more than once without an excuse. */
  get repeats(): string[] {
    return [...this.#endings].flatMap(([id, times]) => (times > 1 && !this.#excused.has(id) ? [id] : []));
  }

  /** Records that ended more than once, with an excuse or without. */
  get repeatCount(): number {
    return [...this.#endings.values()].filter((times) => times > 1).length;
  }

  append(count: number): void {
    for (let index = 0; index < count; index += 1) {
      const source = { topic: this.#pick(topics), partition: this.time.between(0, this.#options.partitions) };
      const key = `key-${this.time.between(0, 5)}`;
      const record = this.broker.append(source, key, this.time.random() < 0.1 ? 2 : 0);
      this.#records.set(idOf(record), record);
    }
  }

  join(): void {
    const name = `consumer${(this.#names += 1)}`;
    const process = new SimulatedProcess(this.time);
    const client = new SimulatedGroupClient({ time: this.time, process, broker: this.broker, instance: name });
    const engine = new Engine({
      client,
      scheduler: process,
      logger: silentLogger,
      owner: name,
      observer: { ended() {}, retried() {}, committed() {}, rebalanced() {} },
      buffer: { maxRecords: maxBuffered, maxBytes: 1_000_000 },
      commitIntervalMs: 200,
      maxMetadataLength: this.#options.maxMetadataLength,
      retryBackoff: { initialMs: 50, maxMs: 1_000 },
      handOverTimeoutMs,
      publishDeadLetter: () => Promise.resolve(),
      onFatal: (error) => this.faults.push(error.message),
      createDispatcher: (host) => this.#createDispatcher(host, () => consumer),
    });
    const consumer: Consumer = { name, process, client, engine, uncommitted: new Map(), troubledUntilMs: 0 };
    this.#consumers.push(consumer);
    client.start(engine);
  }

  #createDispatcher(host: DispatcherHost, consumer: () => Consumer): Dispatcher {
    const { ordering } = this.#options;
    if (ordering === 'in batches') {
      const batchHandler: BatchHandler = (records, { signal }) => this.#handleBatch(consumer(), records, signal);
      return new BatchDispatcher({ host, handler: batchHandler, limits: { maxRecords: 8, maxBytes: 1_000_000 } });
    }
    const handler: RecordHandler = (record, { signal }) => this.#handle(consumer(), record, signal);
    return new RecordDispatcher({ host, ordering, maxInFlight: () => 8, maxInFlightBytes: 1_000_000, handler });
  }

  /** Gracefully. */
  async leave(): Promise<void> {
    const consumer = this.#take();
    if (consumer !== undefined) await consumer.engine.stop(this.time.between(0, 2_000));
  }

  crash(): void {
    const consumer = this.#take();
    if (consumer === undefined) return;
    this.#trouble(consumer);
    consumer.process.kill();
    for (const [key, holder] of this.#busyKeys) if (holder === consumer.name) this.#busyKeys.delete(key);
  }

  cutOff(forMs: number): void {
    const consumer = this.#pick(this.#consumers);
    this.#trouble(consumer, forMs);
    consumer.client.cutOff(forMs);
  }

  /** No request of any member arrives, or no answer. */
  brokerAway(forMs: number): void {
    for (const consumer of this.#consumers) {
      this.#trouble(consumer, forMs);
      consumer.client.cutOff(forMs);
    }
  }

  freeze(forMs: number): void {
    const consumer = this.#pick(this.#consumers);
    this.#trouble(consumer, forMs);
    consumer.process.freeze(forMs);
  }

  /** Until every record has ended and is committed. */
  async settle(): Promise<void> {
    await this.time.runUntil(() => this.#isAllDone(), this.time.nowMs() + longestDayMs);
  }

  #isAllDone(): boolean {
    if (this.#endings.size < this.#records.size) return false;
    return this.#partitions().every((partition) => {
      const commit = this.broker.committed(partition);
      return this.broker.end(partition) === 0 || (commit?.offset ?? 0) >= this.broker.end(partition);
    });
  }

  async #handle(consumer: Consumer, record: ConsumedRecord, signal: AbortSignal): Promise<void> {
    const { process } = consumer;
    this.#takeKey(consumer, record);
    try {
      if (this.time.random() < 0.02) throw new Error('a passing failure');
      const isLong = this.time.random() < 0.02;
      await sleep(process, isLong ? this.time.between(5_000, 60_000) : this.time.between(0, 300), signal);
      if (signal.aborted) {
        // Some handlers are past the point of no return when the signal comes.
        await sleep(process, this.time.between(0, 400));
        if (this.time.random() < 0.8) throw new Error('aborted');
      }
      this.#end(consumer, record);
    } finally {
      this.#busyKeys.delete(keyOf(record));
    }
  }

  /** All or nothing, as whoever writes a batch at once does. */
  async #handleBatch(consumer: Consumer, records: ConsumedRecord[], signal: AbortSignal): Promise<void> {
    if (this.time.random() < 0.02) throw new Error('a passing failure');
    await sleep(consumer.process, this.time.between(0, 300), signal);
    if (signal.aborted && this.time.random() < 0.8) throw new Error('aborted');
    for (const record of records) this.#end(consumer, record);
  }

  #takeKey(consumer: Consumer, record: ConsumedRecord): void {
    if (this.#options.ordering !== 'key') return;
    const holder = this.#busyKeys.get(keyOf(record));
    if (holder !== undefined && !this.#isTroubled(holder) && !this.#isTroubled(consumer.name))
      this.faults.push(`${idOf(record)} began at ${consumer.name} while its key was in hand at ${holder}`);
    this.#busyKeys.set(keyOf(record), consumer.name);
  }

  #end(consumer: Consumer, record: ConsumedRecord): void {
    const id = idOf(record);
    this.#endings.set(id, (this.#endings.get(id) ?? 0) + 1);
    consumer.uncommitted.set(id, record);
    if (this.time.nowMs() < consumer.troubledUntilMs) this.#excused.add(id);
  }

  /** A commit never says more than is true. */
  #checkCommit(commit: Commit): void {
    const bounds = { ...commit, logStart: 0, logEnd: this.broker.end(commit) };
    const { tracker } = startAtCommit(commit, bounds);
    for (const record of this.broker.read(commit, 0, Number.MAX_SAFE_INTEGER)) {
      if (!tracker.isKnown(record.offset)) continue;
      const id = idOf(record);
      if (!this.#endings.has(id)) this.faults.push(`a commit says that ${id} is done, and it is not`);
      for (const { uncommitted } of this.#consumers) uncommitted.delete(id);
    }
  }

  /** From now on, for as long, and until the group has noticed: what ends here may be done again elsewhere. */
  #trouble(consumer: Consumer | undefined, forMs = 0): void {
    if (consumer === undefined) return;
    const endsMs = this.time.nowMs() + forMs + sessionTimeoutMs + 2 * handOverTimeoutMs;
    consumer.troubledUntilMs = Math.max(consumer.troubledUntilMs, endsMs);
    for (const id of consumer.uncommitted.keys()) this.#excused.add(id);
  }

  #isTroubled(name: string): boolean {
    const consumer = this.#consumers.find((consumer) => consumer.name === name);
    return consumer === undefined || this.time.nowMs() < consumer.troubledUntilMs;
  }

  #take(): Consumer | undefined {
    const consumer = this.#pick(this.#consumers);
    this.#consumers = this.#consumers.filter((other) => other !== consumer);
    return consumer;
  }

  #partitions(): TopicPartition[] {
    return topics.flatMap((topic) =>
      Array.from({ length: this.#options.partitions }, (_, partition) => ({ topic, partition })),
    );
  }

  #pick<T>(items: readonly T[]): T {
    return items[this.time.between(0, items.length)] as T;
  }
}

function idOf(position: Position): string {
  return `${partitionId(position)}/${position.offset}`;
}

function keyOf(record: ConsumedRecord): string {
  return `${partitionId(record)}/${record.key}`;
}
