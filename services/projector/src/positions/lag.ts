import type { Logger } from '@nask/kafka';
import { checkpointId, projectionLagCollection, type ProjectionLagDocument } from '@nask/schemas';
import type { Component } from '@nask/service';
import type { Db } from 'mongodb';
import { repeated } from '../repeated.ts';

/** How far a partition is behind, as the consumer reports it. */
interface LagReport {
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

/** How old a written document may become while nothing changes: its age shows whether a projector is at work. */
const maxWrittenAgeMs = 10_000;

/**
 * The documents to write: partitions that are behind, that are no longer behind, and those whose written document is too
 * old.
 * @param written what the database has, by id
 */
export function changesSince(
  written: ReadonlyMap<string, ProjectionLagDocument>,
  documents: readonly ProjectionLagDocument[],
): ProjectionLagDocument[] {
  return documents.filter((document) => {
    const last = written.get(document._id);
    if (last === undefined || document.events > 0 || last.events > 0) return true;
    return document.measured_at.getTime() - last.measured_at.getTime() >= maxWrittenAgeMs;
  });
}

/**
 * Writes the lag to the database, for the gateway's stats: about once a second, the partitions that are behind, and
 * those that have just caught up; the others every ten seconds. One write at a time; after a failed write the lag is
 * measured again a second later.
 */
export function createLagWriter(options: {
  db: Db;
  lag: () => readonly LagReport[];
  logger: Pick<Logger, 'debug'>;
}): Component {
  const { lag, logger } = options;
  const collection = options.db.collection<ProjectionLagDocument>(projectionLagCollection);
  let written = new Map<string, ProjectionLagDocument>();

  async function write(): Promise<void> {
    const documents = lagDocuments(lag(), Date.now());
    const changes = changesSince(written, documents);
    if (changes.length > 0)
      await collection.bulkWrite(
        changes.map(({ _id, ...replacement }) => ({ replaceOne: { filter: { _id }, replacement, upsert: true } })),
        { ordered: false },
      );
    const all = new Map([...written, ...changes.map((document) => [document._id, document] as const)]);
    // Only the partitions that this process has now: one that comes back later is written at once.
    written = new Map(documents.map(({ _id }) => [_id, all.get(_id)!]));
  }

  return repeated({
    name: 'lag writer',
    intervalMs: 1_000,
    run: write,
    onFailure: (err) => logger.debug({ err }, 'the lag could not be written'),
  });
}
