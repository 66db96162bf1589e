import { checkpointId, type ProjectionLagDocument } from '@nask/schemas';

/** How far a partition is behind, as the consumer tells it. */
export interface LagReport {
  readonly topic: string;
  readonly partition: number;
  readonly records: number;
  /** When the oldest record that was read and is not projected was written, in ms since 1970; null: there is none. */
  readonly oldestMs: number | null;
}

/** The documents for those who read the lag in the database. */
export function lagDocuments(reports: readonly LagReport[], nowMs: number): ProjectionLagDocument[] {
  return reports.map(({ topic, partition, records, oldestMs }) => ({
    _id: checkpointId(topic, partition),
    events: records,
    seconds: oldestMs === null ? 0 : Math.max(0, nowMs - oldestMs) / 1_000,
    measured_at: new Date(nowMs),
  }));
}

/** How old what was told may become while there is nothing new: by its age one sees whether a projector is at work. */
const maxToldAgeMs = 10_000;

/** Those that say something new: that a partition is behind, that it is no longer, or that it still is not. */
export function newsOf(
  documents: readonly ProjectionLagDocument[],
  told: ReadonlyMap<string, ProjectionLagDocument>,
): ProjectionLagDocument[] {
  return documents.filter((document) => {
    const last = told.get(document._id);
    if (last === undefined || document.events > 0 || last.events > 0) return true;
    return document.measured_at.getTime() - last.measured_at.getTime() >= maxToldAgeMs;
  });
}
