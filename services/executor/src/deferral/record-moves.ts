import { orAborted } from '@nask/async';
import type { ConsumedRecord, OutgoingRecord } from '@nask/kafka';
import type { EventPublisher } from '@nask/task-log';
import { deferralHeaders, withoutDueTime } from './deferral.rules.ts';

/**
 * Copies the record of a request between `tasks.requested` and `tasks.deferred`: same key, same bytes, same headers but for
 * the times of the deferral. Each copy returns once the log has it for good.
 * @throws the signal's reason, at once, when it is aborted: the copy may be in the log or not
 * @throws ProducerError, see isTooLarge
 */
export interface RecordMoves {
  defer(record: ConsumedRecord, times: { sinceMs: number; dueMs: number }, signal: AbortSignal): Promise<void>;
  bringBack(record: ConsumedRecord, signal: AbortSignal): Promise<void>;
}

export function createRecordMoves(publisher: Pick<EventPublisher, 'sendUntilAcknowledged'>): RecordMoves {
  // A record that could be decoded has a key and a value.
  const copy = (
    { key, value }: ConsumedRecord,
    topic: string,
    headers: NonNullable<OutgoingRecord['headers']>,
    signal: AbortSignal,
  ) => orAborted(publisher.sendUntilAcknowledged({ topic, key: key!, value: value!, headers }, { signal }), signal);

  return {
    defer: (record, times, signal) =>
      copy(record, 'tasks.deferred', { ...originalHeaders(record), ...deferralHeaders(times) }, signal),
    bringBack: (record, signal) => copy(record, 'tasks.requested', withoutDueTime(originalHeaders(record)), signal),
  };
}

const originalHeaders = (record: ConsumedRecord) => record.original?.headers ?? record.headers;
