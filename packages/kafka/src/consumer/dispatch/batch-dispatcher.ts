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
import { WorkQueue, type Work } from './work-queue.ts';

export type BatchHandler = (records: ConsumedRecord[], context: RecordContext) => Promise<void>;

interface Limits {
  maxRecords: number;
  maxBytes: number;
}

/**
 * One batch at a time, of what has gathered since the last one: of each partition in log order, partitions in turn.
 * When the handler refuses one record of it, that one goes to the dead letters and the others are handed over again. When
 * the dead letters have no room for a record, its partition stops and those of the others are handed over again.
 */
export class BatchDispatcher implements Dispatcher {
  readonly #handler: BatchHandler;
  readonly #limits: Limits;
  readonly #host: DispatcherHost;
  readonly #queue = new WorkQueue('unordered');
  #batch: Work[] = [];

  constructor(options: { handler: BatchHandler; limits: Limits; host: DispatcherHost }) {
    this.#handler = options.handler;
    this.#limits = options.limits;
    this.#host = options.host;
  }

  add(partition: OwnedPartition, records: readonly ConsumedRecord[]): void {
    this.#queue.add(partition, records);
  }

  kick(): void {
    if (this.#batch.length > 0) return;
    this.#batch = this.#gather();
    if (this.#batch.length > 0) void this.#run(this.#batch);
  }

  drop(partition: OwnedPartition): void {
    this.#queue.drop(partition);
  }

  inFlight(): Map<string, number> {
    const byTopic = Map.groupBy(this.#batch, ({ partition }) => partition.topic);
    return new Map([...byTopic].map(([topic, works]) => [topic, works.length]));
  }

  #gather(): Work[] {
    const batch: Work[] = [];
    let bytes = 0;
    while (batch.length < this.#limits.maxRecords && bytes < this.#limits.maxBytes) {
      const work = this.#queue.take(this.#host);
      if (work === null) break;
      batch.push(work);
      bytes += work.bytes;
    }
    return batch;
  }

  async #run(batch: Work[]): Promise<void> {
    for (const { partition } of batch) partition.begin();
    await this.#handle(batch);
    this.#batch = [];
    this.kick();
  }

  /** Brings every record of the batch to an end. */
  async #handle(batch: Work[]): Promise<void> {
    const { signal, release } = whenAllAbort(batch.map(({ partition }) => partition.signal));
    let remaining = batch;
    const hand = async () => {
      this.#end(remaining.filter(isLost), 'aborted');
      remaining = remaining.filter((work) => !isLost(work));
      if (remaining.length > 0)
        await this.#handler(
          remaining.map(({ record }) => record),
          { signal },
        );
    };

    const outcome = await attempt(hand, batch[0]?.record, signal, this.#host).finally(release);
    if (outcome === 'done') return this.#end(remaining, 'done');
    if (outcome instanceof DeadLettersExhaustedError) return this.#stopOne(remaining, outcome);
    if (!(outcome instanceof DeadLetterError)) return this.#giveUp(remaining, outcome);

    const refused = remaining.length === 1 ? remaining[0] : remaining.find(({ record }) => record === outcome.record);
    if (refused !== undefined) {
      await this.#bury(refused, outcome);
      return this.#handle(remaining.filter((work) => work !== refused));
    }
    // It does not say which one: alone, each of them has to.
    for (const work of remaining) await this.#handle([work]);
  }

  /** Stops the partition of the record that is named, and hands the others' over again. */
  async #stopOne(works: Work[], outcome: DeadLettersExhaustedError): Promise<void> {
    const stopped = works.find(({ record }) => record === outcome.record)?.partition;
    const [own, others] = [works.filter(isOf(stopped)), works.filter((work) => !isOf(stopped)(work))];
    this.#giveUp(stopped === undefined ? works : own, outcome);
    if (stopped !== undefined && others.length > 0) await this.#handle(others);
  }

  async #bury(work: Work, refusal: DeadLetterError): Promise<void> {
    const { record, partition } = work;
    const publish = () => this.#host.publishDeadLetter(record, refusal);
    const outcome = await attempt(publish, record, partition.signal, this.#host);
    if (outcome === 'done') this.#end([work], 'dead-letter');
    else this.#giveUp([work], outcome);
  }

  #giveUp(works: Work[], outcome: HandlerOutcome): void {
    this.#end(works, 'aborted');
    if (outcome instanceof FatalConsumerError) this.#host.fatal(outcome);
    if (!(outcome instanceof DeadLettersExhaustedError)) return;
    for (const { partition } of works) this.#host.stopPartition(partition, outcome);
  }

  #end(works: Work[], how: 'done' | 'dead-letter' | 'aborted'): void {
    for (const { record, partition } of works) {
      if (how !== 'aborted') partition.complete(record.offset);
      partition.settle();
      this.#host.ended(partition, record, how);
    }
  }
}

function isOf(partition: OwnedPartition | undefined): (work: Work) => boolean {
  return (work) => work.partition === partition;
}

function isLost({ partition }: Work): boolean {
  return partition.status === 'lost';
}

/** Fires once every one of them has: as long as one partition of a batch is ours, its records have to be handled. */
function whenAllAbort(signals: AbortSignal[]): { signal: AbortSignal; release: () => void } {
  const controller = new AbortController();
  const check = () => {
    if (signals.every(({ aborted }) => aborted)) controller.abort(signals[0]?.reason);
  };
  const distinct = new Set(signals);
  for (const signal of distinct) signal.addEventListener('abort', check);
  check();
  return {
    signal: controller.signal,
    release() {
      for (const signal of distinct) signal.removeEventListener('abort', check);
    },
  };
}
