import { topics, type EventTopicName } from '@nask/schemas';
import { type ConsumedRecord } from '@nask/kafka';
import { UndecodableError, type EventCodec } from '@nask/task-log';
import { impossibility } from './events/index.ts';
import type { LoggedEvent, TaskEvent } from './events/event.ts';

/** An event with the record that it came in. */
export interface DecodedRecord extends LoggedEvent {
  readonly record: ConsumedRecord;
}

/** Why a record is not projected: a kind to count by, a sentence for people. */
export interface Refusal {
  readonly record: ConsumedRecord;
  readonly kind: 'undecodable' | 'impossible' | 'id-conflict';
  readonly reason: string;
}

export interface DecodedBatch {
  events: DecodedRecord[];
  refused: Refusal[];
}

/**
 * Decodes a batch and sorts out what cannot be projected, now or later.
 * Rejects when the registry cannot be asked for a schema that is not known yet: then the batch has to be tried again.
 */
export async function decodeBatch(
  codec: Pick<EventCodec, 'decode'>,
  records: readonly ConsumedRecord[],
): Promise<DecodedBatch> {
  const batch: DecodedBatch = { events: [], refused: [] };
  for (const record of records) {
    try {
      const event = await decode(codec, record);
      const reason = impossibility(event, record.key);
      if (reason === undefined) batch.events.push({ event, offset: record.offset, record });
      else batch.refused.push({ record, kind: 'impossible', reason });
    } catch (error) {
      if (!(error instanceof UndecodableError)) throw error;
      batch.refused.push({ record, kind: 'undecodable', reason: error.message });
    }
  }
  return batch;
}

async function decode(codec: Pick<EventCodec, 'decode'>, { topic, value }: ConsumedRecord): Promise<TaskEvent> {
  const projected = topic as EventTopicName;
  return { name: topics[projected].event, data: await codec.decode(projected, value) } as TaskEvent;
}
