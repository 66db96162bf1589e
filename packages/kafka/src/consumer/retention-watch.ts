import type { Logger } from '../logger.ts';
import type { OwnedPartition } from './partitions/owned-partition.ts';

/** Retention keeps weeks: what is younger is far from it, however short the log. */
const minAgeMs = 3_600_000;
const nearShare = 0.1;

type Danger = 'near' | 'taken' | null;

/**
 * Whether retention took the oldest record that is not done (what is known of it is lost with this process), or comes
 * near it: it lies in the first tenth of a log that retention has begun to shorten.
 */
export function retentionDanger(
  { tracker, logStart, logEnd, oldestOpenMs }: Pick<OwnedPartition, 'tracker' | 'logStart' | 'logEnd' | 'oldestOpenMs'>,
  nowMs: number,
): Danger {
  if (tracker.watermark < logStart) return 'taken';
  if (logStart === 0 || oldestOpenMs === null || nowMs - oldestOpenMs < minAgeMs) return null;
  return tracker.watermark - logStart <= nearShare * (logEnd - logStart) ? 'near' : null;
}

/** Says so once, each time that it becomes so. */
export class RetentionWatch {
  readonly #logger: Logger;
  readonly #said = new WeakMap<OwnedPartition, Danger>();

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  look(partition: OwnedPartition, nowMs: number): void {
    const danger = retentionDanger(partition, nowMs);
    if (danger === (this.#said.get(partition) ?? null)) return;
    this.#said.set(partition, danger);
    const { topic, logStart, logEnd } = partition;
    const details = {
      topic,
      partition: partition.partition,
      logStart,
      logEnd,
      oldestOpen: partition.tracker.watermark,
    };
    if (danger === 'taken') this.#logger.error(details, 'retention took a record that is not done');
    if (danger === 'near')
      this.#logger.warn(details, 'retention comes near a record that is not done: raise retention.ms');
  }
}
