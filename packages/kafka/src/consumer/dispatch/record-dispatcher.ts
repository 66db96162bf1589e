import type { ConsumedRecord } from '../../record.ts';
import {
  attempt,
  DeadLetterError,
  DeadLettersExhaustedError,
  FatalConsumerError,
  type Dispatcher,
  type DispatcherHost,
  type RecordContext,
  type HandlerOutcome,
} from './dispatcher.ts';
import type { OwnedPartition } from '../partitions/owned-partition.ts';
import { WorkQueue, type Gate, type Ordering, type Work } from './work-queue.ts';

/** How many handlers begin before timers and sockets get their turn: heartbeats must go on when thousands begin. */
const maxStartsPerTurn = 200;

/** A timer counts to 2^31 ms at most, and a clock may be set: whatever waits is looked at once a minute. */
const maxAlarmMs = 60_000;

export type RecordHandler = (record: ConsumedRecord, context: RecordContext) => Promise<void>;

/** The earliest time at which a record may be handled, in milliseconds since 1970. Called once, when it was read. */
export type NotBefore = (record: ConsumedRecord) => number;

interface Lane {
  queue: WorkQueue;
  readonly maxInFlight: number;
  inFlight: number;
  inFlightBytes: number;
}

/**
 * One record a call, up to `maxInFlight(topic)` records and `maxInFlightBytes` of a topic side by side. Each topic has a
 * lane: a full one holds up no other.
 * A partition whose next record is not due yet waits, and what was read of it with it, in the bounded buffer; the other
 * partitions go on.
 */
export class RecordDispatcher implements Dispatcher {
  readonly #handler: RecordHandler;
  readonly #ordering: Ordering;
  readonly #maxInFlight: (topic: string) => number;
  readonly #notBefore: NotBefore | undefined;
  readonly #maxInFlightBytes: number;
  readonly #host: DispatcherHost;
  readonly #gate: Gate;
  /** When records are due that are not handled yet. */
  readonly #dueMs = new WeakMap<ConsumedRecord, number>();
  readonly #lanes = new Map<string, Lane>();
  #hasNextTurn = false;
  #alarm: { atMs: number; cancel: () => void } | null = null;

  constructor(options: {
    handler: RecordHandler;
    ordering: Ordering;
    maxInFlight: (topic: string) => number;
    notBefore?: NotBefore;
    maxInFlightBytes: number;
    host: DispatcherHost;
  }) {
    this.#handler = options.handler;
    this.#ordering = options.ordering;
    this.#maxInFlight = options.maxInFlight;
    this.#notBefore = options.notBefore;
    this.#maxInFlightBytes = options.maxInFlightBytes;
    this.#host = options.host;
    this.#gate = {
      mayStart: (partition) => this.#host.mayStart(partition),
      admit: (partition, record) => this.#isDue(partition, record) && this.#host.admit(partition, record),
    };
  }

  add(partition: OwnedPartition, records: readonly ConsumedRecord[]): void {
    const { topic } = partition;
    let lane = this.#lanes.get(topic);
    if (lane === undefined) {
      const maxInFlight = this.#maxInFlight(topic);
      lane = { queue: new WorkQueue(this.#ordering), maxInFlight, inFlight: 0, inFlightBytes: 0 };
      this.#lanes.set(topic, lane);
    }
    if (this.#notBefore !== undefined) for (const record of records) this.#dueMs.set(record, this.#notBefore(record));
    lane.queue.add(partition, records);
  }

  kick(): void {
    if (this.#hasNextTurn) return;
    for (const lane of this.#lanes.values()) {
      let starts = 0;
      while (lane.inFlight < lane.maxInFlight && lane.inFlightBytes < this.#maxInFlightBytes) {
        if (starts === maxStartsPerTurn) {
          this.#kickNextTurn();
          break;
        }
        const work = lane.queue.take(this.#gate);
        if (work === null) break;
        starts += 1;
        void this.#run(lane, work);
      }
    }
  }

  drop(partition: OwnedPartition): void {
    this.#lanes.get(partition.topic)?.queue.drop(partition);
  }

  inFlight(): Map<string, number> {
    return new Map([...this.#lanes].map(([topic, lane]) => [topic, lane.inFlight]));
  }

  #kickNextTurn(): void {
    if (this.#hasNextTurn) return;
    this.#hasNextTurn = true;
    this.#host.scheduler.after(0, () => {
      this.#hasNextTurn = false;
      this.kick();
    });
  }

  #isDue(partition: OwnedPartition, record: ConsumedRecord): boolean {
    const dueMs = this.#dueMs.get(record) ?? 0;
    const isDue = dueMs <= this.#host.scheduler.nowMs();
    partition.waitsUntilMs = isDue ? 0 : dueMs;
    if (!isDue) this.#wakeAt(dueMs);
    return isDue;
  }

  /** One alarm, for the head that is due first; whoever is not due then sets it again. */
  #wakeAt(atMs: number): void {
    if (this.#alarm !== null && this.#alarm.atMs <= atMs) return;
    this.#alarm?.cancel();
    const delayMs = Math.min(maxAlarmMs, atMs - this.#host.scheduler.nowMs());
    const ring = () => {
      this.#alarm = null;
      this.kick();
    };
    this.#alarm = { atMs, cancel: this.#host.scheduler.after(delayMs, ring) };
  }

  async #run(lane: Lane, work: Work): Promise<void> {
    const { record, partition } = work;
    lane.inFlight += 1;
    lane.inFlightBytes += work.bytes;
    partition.begin();

    const { signal, release } = partition.handlerSignal();
    let how: 'done' | 'dead-letter' | 'aborted' = 'done';
    let outcome: HandlerOutcome = await attempt(
      async () => this.#handler(record, { signal }),
      record,
      signal,
      this.#host,
    );
    if (outcome instanceof DeadLetterError) {
      const refusal = outcome;
      how = 'dead-letter';
      outcome = await attempt(() => this.#host.publishDeadLetter(record, refusal), record, signal, this.#host);
    }

    release();
    lane.inFlight -= 1;
    lane.inFlightBytes -= work.bytes;
    if (outcome === 'done') partition.complete(record.offset);
    else how = 'aborted';
    partition.settle();
    if (outcome instanceof DeadLettersExhaustedError) this.#host.stopPartition(partition, outcome);
    if (outcome instanceof FatalConsumerError) this.#host.fatal(outcome);
    // Of a record that stays undone the key stays busy: what is behind it must not overtake it.
    if (outcome === 'done' || partition.status === 'lost') lane.queue.done(work);
    this.#host.ended(partition, record, how);
  }
}
