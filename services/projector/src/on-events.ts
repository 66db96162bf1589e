import type { ConsumedRecord } from '@nask/kafka';
import { checkpointId } from '@nask/schemas';
import { UndecodableError, type EventCodec } from '@nask/task-log';
import type { LoggedEvent, TaskEvent, TaskTopic } from './events/event.ts';
import { foldBatch } from './events/evolve.ts';
import { historyEntry, isTurnToCut } from './events/history.ts';
import { impossibility } from './events/index.ts';
import { conflictingRequests } from './events/task-requested.ts';
import type { ProjectorMetrics, RefusalKind } from './metrics.ts';
import type { Checkpoint, Checkpoints } from './positions/checkpoints.ts';
import type { DocumentStore } from './read-model/document-store.ts';
import type { HistoryStore } from './read-model/history-store.ts';
import { isPastRetention } from './read-model/retention.rules.ts';

/** An event with its record. */
interface DecodedRecord extends LoggedEvent {
  readonly record: ConsumedRecord;
}

/** Why a record is not projected: a kind to count by, a sentence for people. */
interface Refusal {
  readonly record: ConsumedRecord;
  readonly kind: RefusalKind;
  readonly reason: string;
}

/** Writes a record to the dead letters; resolves once it is durable there. */
export type WriteDeadLetter = (record: ConsumedRecord, reason: string) => Promise<void>;

/**
 * What the projector does with a batch: history and documents first, then the dead letters, then the checkpoint. So
 * whenever it is interrupted, the checkpoint has not passed what is written, and doing the batch again does no harm. It
 * rejects when the database, the registry or the dead letters are away: then the whole batch has to be tried again.
 *
 * Records of a batch are contiguous per partition and in log order.
 */
export function createBatchHandler(options: {
  codec: Pick<EventCodec, 'decode'>;
  documents: DocumentStore;
  history: HistoryStore;
  checkpoints: Checkpoints;
  metrics: ProjectorMetrics;
  /** Tasks that were accepted longer ago, in milliseconds, are left out. */
  retentionMs: number;
}): (records: readonly ConsumedRecord[], writeDeadLetter: WriteDeadLetter) => Promise<void> {
  const { codec, documents, history, checkpoints, metrics, retentionMs } = options;
  // A batch that is tried again has the same records: each is one dead letter all the same.
  const deadLetters = new WeakSet<ConsumedRecord>();

  /** @returns the requests whose task id belongs to another request */
  async function writeDocuments(events: readonly DecodedRecord[]): Promise<Refusal[]> {
    const folded = foldBatch(events);
    const stored = await metrics.timed('documents', () => documents.merge(folded.values()));
    const requestsOf = (id: number) => stored.get(id) ?? folded.get(id);
    return conflictingRequests(events, requestsOf).map(({ logged: { event, record }, owner }) => ({
      record,
      kind: 'id-conflict',
      reason: `task id ${event.data.task_id} belongs to the request with event_id ${owner}`,
    }));
  }

  async function writeHistory(events: readonly DecodedRecord[]): Promise<void> {
    const entries = events.flatMap((logged) => {
      const entry = historyEntry(logged, logged.record.partition);
      return entry === undefined ? [] : [{ entry, isTurn: isTurnToCut(logged) }];
    });
    await metrics.timed('history', () => history.append(entries.map(({ entry }) => entry)));
    await history.cut(entries.flatMap(({ entry, isTurn }) => (isTurn ? [entry] : [])));
  }

  /**
   * After history and documents are written: another writer of the history of an erased task either finds it erased then,
   * as this one does, or wrote before the deletion.
   */
  async function deleteHistoryOfErased(events: readonly DecodedRecord[]): Promise<void> {
    const ids = new Set(events.map(({ event }) => event.data.task_id));
    await history.delete(await documents.erasedAmong([...ids]));
  }

  async function writeDeadLetters(refused: readonly Refusal[], writeDeadLetter: WriteDeadLetter): Promise<void> {
    for (const { record, kind, reason } of refused) {
      if (deadLetters.has(record)) continue;
      await writeDeadLetter(record, reason);
      deadLetters.add(record);
      metrics.refused(record.topic, kind);
    }
  }

  return async (records, writeDeadLetter) => {
    const { events: decoded, refused } = await decodeBatch(codec, records);
    const nowMs = Date.now();
    const events = decoded.filter((logged) => !isPastRetention(logged, retentionMs, nowMs));
    const [conflicts] = await Promise.all([writeDocuments(events), writeHistory(events)]);
    await deleteHistoryOfErased(events);
    await writeDeadLetters([...refused, ...conflicts], writeDeadLetter);
    await metrics.timed('checkpoints', () => checkpoints.advance(checkpointsAfter(records)));
    metrics.projected(events.map(({ record }) => record.topic));
  };
}

/**
 * Decodes a batch and separates what cannot be projected, now or later.
 * Rejects when the registry does not answer for a schema that is not known yet: then the batch has to be tried again.
 */
export async function decodeBatch(
  codec: Pick<EventCodec, 'decode'>,
  records: readonly ConsumedRecord[],
): Promise<{ events: DecodedRecord[]; refused: Refusal[] }> {
  const events: DecodedRecord[] = [];
  const refused: Refusal[] = [];
  for (const record of records) {
    try {
      const topic = record.topic as TaskTopic;
      const event = { topic, data: await codec.decode(topic, record.value) } as TaskEvent;
      const reason = impossibility(event, record.key);
      if (reason === undefined) events.push({ event, offset: record.offset, record });
      else refused.push({ record, kind: 'impossible', reason });
    } catch (error) {
      if (!(error instanceof UndecodableError)) throw error;
      refused.push({ record, kind: 'undecodable', reason: error.message });
    }
  }
  return { events, refused };
}

/** After the last record of each partition, whether it was projected or refused. */
function checkpointsAfter(records: readonly ConsumedRecord[]): Checkpoint[] {
  const last = new Map<string, Checkpoint>();
  for (const { topic, partition, offset } of records)
    last.set(checkpointId(topic, partition), { topic, partition, nextOffset: offset + 1 });
  return [...last.values()];
}
