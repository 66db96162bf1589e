import type { ConsumedRecord } from '../../record.ts';
import type { DeadLetterError, DeadLettersExhaustedError, FatalConsumerError } from './errors.ts';
import type { Attempts } from './attempts.ts';
import type { OwnedPartition } from '../partitions/owned-partition.ts';
import type { Gate } from './work-queue.ts';

/** Holds what was read and runs the handler on it. */
export interface Dispatcher {
  add(partition: OwnedPartition, records: readonly ConsumedRecord[]): void;
  /** Starts what may start now. */
  kick(): void;
  /** Forgets what waits of a partition. What runs goes on. */
  drop(partition: OwnedPartition): void;
  /** Handlers that run, by topic. */
  inFlight(): Map<string, number>;
}

/** What a dispatcher asks and tells the engine. */
export interface DispatcherHost extends Attempts, Gate {
  publishDeadLetter(record: ConsumedRecord, error: DeadLetterError): Promise<void>;
  /** Told once a record has ended, after its partition's tracker knows. */
  ended(partition: OwnedPartition, record: ConsumedRecord, how: 'done' | 'dead-letter' | 'aborted'): void;
  /** No more of this partition, please. */
  stopPartition(partition: OwnedPartition, error: DeadLettersExhaustedError): void;
  fatal(error: FatalConsumerError): void;
}

export interface HandlerContext {
  /** Fires when the record's partition goes to another consumer, or the time to drain is over. */
  signal: AbortSignal;
}
