import type { ConsumedRecord } from '@nask/kafka';
import type { EventCodec } from '@nask/task-log';
import { checkpointId } from '@nask/schemas';
import type { Checkpoint, Checkpoints } from './positions/checkpoints.ts';
import type { TaskHistory } from './read-model/history-store.ts';
import type { TaskStore } from './read-model/document-store.ts';
import { decodeBatch, type DecodedRecord, type Refusal } from './decode-batch.ts';
import { foldBatch } from './events/evolve.ts';
import { historyEntry, isTurnToCut } from './events/history.ts';
import { conflictingRequests } from './events/task-requested.ts';
import { isPastRetention } from './read-model/retention.rules.ts';
import type { ProjectorMetrics } from './metrics.ts';

/** Writes a record to the dead letters; resolves once it is durable there. */
export type Bury = (record: ConsumedRecord, reason: string) => Promise<void>;

export interface ProjectionOptions {
  codec: Pick<EventCodec, 'decode'>;
  store: TaskStore;
  history: TaskHistory;
  checkpoints: Checkpoints;
  metrics: ProjectorMetrics;
  /** Tasks that were accepted longer ago, in milliseconds, are left out. */
  retentionMs: number;
}

/**
 * What is done with a batch: history and documents first, then the dead letters, then the checkpoint. So whenever it is
 * interrupted, the checkpoint says no more than what is there, and doing the batch again does no harm. It rejects when
 * the database, the registry or the dead letters are away: then the whole batch is to be tried again.
 *
 * A batch has, of each partition in it, the records that follow on its last batch, in the log's order.
 */
export function createProjection({ codec, store, history, checkpoints, metrics, retentionMs }: ProjectionOptions) {
  // A batch that is tried again hands the same records over: each is one dead letter all the same.
  const buried = new WeakSet<ConsumedRecord>();

  async function write(events: readonly DecodedRecord[]): Promise<Refusal[]> {
    const documents = foldBatch(events);
    const stored = await metrics.timed('documents', () => store.merge(documents.values()));
    const ownerOf = (id: number) => stored.get(id) ?? documents.get(id)?.requested?.event_id;
    return conflictingRequests(events, ownerOf).map(({ event: { data }, record }) => ({
      record,
      kind: 'id-conflict',
      reason: `task id ${data.task_id} belongs to the request with event_id ${ownerOf(data.task_id)}`,
    }));
  }

  async function remember(events: readonly DecodedRecord[]): Promise<void> {
    const entries = events.flatMap((logged) => {
      const entry = historyEntry(logged, logged.record.partition);
      return entry === undefined ? [] : [{ entry, isTurn: isTurnToCut(logged) }];
    });
    await metrics.timed('history', () => history.append(entries.map(({ entry }) => entry)));
    await history.cut(entries.flatMap(({ entry, isTurn }) => (isTurn ? [entry] : [])));
  }

  /**
   * After history and documents are written: whoever else writes history of an erased task either finds it erased then,
   * as we do here, or wrote before we delete.
   */
  async function forgetErased(events: readonly DecodedRecord[]): Promise<void> {
    const ids = new Set(events.map(({ event }) => event.data.task_id));
    await history.forget(await store.erasedAmong([...ids]));
  }

  async function buryAll(refused: readonly Refusal[], bury: Bury): Promise<void> {
    for (const { record, kind, reason } of refused) {
      if (buried.has(record)) continue;
      await bury(record, reason);
      buried.add(record);
      metrics.refused(record.topic, kind);
    }
  }

  return async (records: readonly ConsumedRecord[], bury: Bury): Promise<void> => {
    const { events: decoded, refused } = await decodeBatch(codec, records);
    const nowMs = Date.now();
    const events = decoded.filter((logged) => !isPastRetention(logged, retentionMs, nowMs));
    const [conflicts] = await Promise.all([write(events), remember(events)]);
    await forgetErased(events);
    await buryAll([...refused, ...conflicts], bury);
    await metrics.timed('checkpoints', () => checkpoints.advance(checkpointsAfter(records)));
    metrics.projected(events);
  };
}

/** Behind the last record of each partition, whether it was projected or refused. */
function checkpointsAfter(records: readonly ConsumedRecord[]): Checkpoint[] {
  const last = new Map<string, Checkpoint>();
  for (const { topic, partition, offset } of records)
    last.set(checkpointId(topic, partition), { topic, partition, nextOffset: offset + 1 });
  return [...last.values()];
}
