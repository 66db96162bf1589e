import type { ConsumedRecord } from '../record.ts';
import { attempt, type Outcome } from './attempts.ts';
import type { Dispatcher, DispatcherHost, HandlerContext } from './dispatcher.ts';
import { DeadLetterError, DeadLettersExhaustedError, FatalConsumerError } from './errors.ts';
import type { OwnedPartition } from './owned-partition.ts';
import { WorkQueue, type Ordering, type Work } from './work-queue.ts';

export type RecordHandler = (record: ConsumedRecord, context: HandlerContext) => Promise<void>;

interface Lane {
  queue: WorkQueue;
  inFlight: number;
  inFlightBytes: number;
}

/** One record a call, up to `maxInFlight` records and `maxInFlightBytes` of a topic side by side. Each topic has a lane: a full one holds up no other. */
export class RecordDispatcher implements Dispatcher {
  readonly #handler: RecordHandler;
  readonly #ordering: Ordering;
  readonly #maxInFlight: number;
  readonly #maxInFlightBytes: number;
  readonly #host: DispatcherHost;
  readonly #lanes = new Map<string, Lane>();

  constructor(options: {
    handler: RecordHandler;
    ordering: Ordering;
    maxInFlight: number;
    maxInFlightBytes: number;
    host: DispatcherHost;
  }) {
    this.#handler = options.handler;
    this.#ordering = options.ordering;
    this.#maxInFlight = options.maxInFlight;
    this.#maxInFlightBytes = options.maxInFlightBytes;
    this.#host = options.host;
  }

  add(partition: OwnedPartition, records: readonly ConsumedRecord[]): void {
    let lane = this.#lanes.get(partition.topic);
    if (lane === undefined)
      this.#lanes.set(
        partition.topic,
        (lane = { queue: new WorkQueue(this.#ordering), inFlight: 0, inFlightBytes: 0 }),
      );
    lane.queue.add(partition, records);
  }

  kick(): void {
    for (const lane of this.#lanes.values()) {
      while (lane.inFlight < this.#maxInFlight && lane.inFlightBytes < this.#maxInFlightBytes) {
        const work = lane.queue.take(this.#host);
        if (work === null) break;
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

  async #run(lane: Lane, work: Work): Promise<void> {
    const { record, partition } = work;
    lane.inFlight += 1;
    lane.inFlightBytes += work.bytes;
    partition.begin();

    const { signal } = partition;
    let how: 'done' | 'dead-letter' | 'aborted' = 'done';
    let outcome: Outcome = await attempt(async () => this.#handler(record, { signal }), record, signal, this.#host);
    if (outcome instanceof DeadLetterError) {
      const refusal = outcome;
      how = 'dead-letter';
      outcome = await attempt(() => this.#host.publishDeadLetter(record, refusal), record, signal, this.#host);
    }

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
