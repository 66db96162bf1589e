import { projectionLagCollection, type ProjectionLagDocument } from '@nask/schemas';
import type { Logger } from '@nask/kafka';
import type { Component } from '@nask/service';
import type { Db } from 'mongodb';
import { lagDocuments, newsOf, type LagReport } from './lag.ts';
import { repeated } from '../repeated.ts';

/**
 * Writes the lag to the database, for the gateway's stats: about once a second, the partitions that are behind, and
 * those that have just caught up; the others every ten seconds. One write at a time; what cannot be written is measured anew a second later.
 */
export function createLagWriter(options: {
  db: Db;
  lag: () => readonly LagReport[];
  logger: Pick<Logger, 'debug'>;
  intervalMs?: number;
}): Component {
  const { lag, logger, intervalMs = 1_000 } = options;
  const collection = options.db.collection<ProjectionLagDocument>(projectionLagCollection);
  let told = new Map<string, ProjectionLagDocument>();

  async function write(): Promise<void> {
    const documents = lagDocuments(lag(), Date.now());
    const news = newsOf(documents, told);
    if (news.length > 0)
      await collection.bulkWrite(
        news.map(({ _id, ...replacement }) => ({ replaceOne: { filter: { _id }, replacement, upsert: true } })),
        { ordered: false },
      );
    const written = new Map([...told, ...news.map((document) => [document._id, document] as const)]);
    // A partition that is another's now is told anew should it come back.
    told = new Map(documents.map(({ _id }) => [_id, written.get(_id)!]));
  }

  return repeated({
    name: 'lag writer',
    intervalMs,
    run: write,
    onFailure: (err) => logger.debug({ err }, 'the lag could not be written'),
  });
}
