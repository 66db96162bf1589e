import {
  createAcknowledgedWrites,
  type GroupCommitProducer,
  type Logger,
  type OutgoingRecord,
  type Position,
  type WriteUntilAcknowledged,
} from '@nask/kafka';
import { topics, type EventTopicName, type Topic } from '@nask/schemas';
import type { EventCodec, NewEventOf } from './codec.ts';
import { eventHeaders } from './event-headers.rules.ts';

/** What the headers of an event say beside what the event itself says. */
export interface EventMetadata {
  /** Id of the HTTP request that caused the event. */
  requestId?: string;
  /** W3C trace context, passed on from what caused the event. */
  traceparent?: string;
  /** Id of an event without an `event_id` of its own (TaskIdLease), which has to be given. */
  eventId?: string;
  /** CloudEvents source, where it is not the publisher's own. */
  source?: string;
}

/** A record with an event, to be written. */
interface EventRecord extends OutgoingRecord {
  headers: Record<string, string>;
}

interface UntilAcknowledged {
  signal: AbortSignal;
  spareBytes?: number | undefined;
}

/**
 * Writes our events: encodes them, adds the CloudEvents headers, and sends them to the topic's partition of their key. Key
 * and time of an event are the fields that the catalogue names (`schemas/topics.ts`).
 *
 * What encodes an event throws an EncodeError, at the call, for one that does not match its schema, and an Error for one
 * without an id: faults in the code.
 */
export interface EventPublisher {
  /** The record of an event, not sent. */
  recordOf<T extends EventTopicName>(topic: T, event: NewEventOf<T>, metadata?: EventMetadata): EventRecord;
  /**
   * Sends an event once.
   * @param options.deadlineMs how long Kafka's acknowledgement (acks=all) may take; the producer's default unless given
   * @param options.spareBytes how many bytes its record has to leave free, for copies with more headers; default 0
   * @returns the position of the event in the log. Rejects with a ProducerError
   */
  publish<T extends EventTopicName>(
    topic: T,
    event: NewEventOf<T>,
    options?: EventMetadata & { deadlineMs?: number; spareBytes?: number },
  ): Promise<Position>;
  /**
   * Sends an event again, with backoff, until Kafka acknowledges it.
   * @param options.signal ends it between two sends; a send that is under way is awaited first. To give up at once, also
   *   during a send: `orAborted(publishUntilAcknowledged(...), signal)`. In both cases the event may be in the log or not.
   * @param options.spareBytes as for `publish`
   * @returns rejects with the signal's reason, or with a ProducerError RECORD_TOO_LARGE
   */
  publishUntilAcknowledged<T extends EventTopicName>(
    topic: T,
    event: NewEventOf<T>,
    options: EventMetadata & UntilAcknowledged,
  ): Promise<void>;
  /** As `publishUntilAcknowledged`, for a record that is already encoded: a copy of one that was read. */
  sendUntilAcknowledged(record: OutgoingRecord, options: UntilAcknowledged): Promise<void>;
  /** As `publishUntilAcknowledged`, for a write that this publisher does not make itself. All share one limit of warnings. */
  untilAcknowledged: WriteUntilAcknowledged;
}

/** @param options.source CloudEvents source of the events, a URI reference such as /nask/gateway */
export function createEventPublisher(options: {
  producer: Pick<GroupCommitProducer, 'send'>;
  codec: Pick<EventCodec, 'encode'>;
  source: string;
  logger: Logger;
}): EventPublisher {
  const { producer, codec, source: ownSource, logger } = options;
  const untilAcknowledged = createAcknowledgedWrites(logger);

  function recordOf<T extends EventTopicName>(
    topic: T,
    event: NewEventOf<T>,
    { requestId, traceparent, eventId, source = ownSource }: EventMetadata = {},
  ): EventRecord {
    const value = codec.encode(topic, event);
    const { event: type, keyField, timeField }: Topic = topics[topic];
    const fields = event as unknown as Readonly<Record<string, unknown>>;
    const key = String(fields[keyField]);
    const id = (fields['event_id'] as string | undefined) ?? eventId;
    if (id === undefined) throw new Error(`An event of ${topic} needs an eventId`);
    const headers = eventHeaders({
      id,
      type,
      source,
      subject: key,
      timeMs: fields[timeField] as number,
      requestId,
      traceparent,
    });
    return { topic, key, value, headers };
  }

  const sendUntilAcknowledged = (record: OutgoingRecord, options: UntilAcknowledged): Promise<void> =>
    untilAcknowledged(() => producer.send(record, options), options.signal, {
      topic: record.topic,
      task_id: record.key,
    });

  return {
    recordOf,
    publish: (topic, event, options) => producer.send(recordOf(topic, event, options), options),
    publishUntilAcknowledged: (topic, event, options) =>
      sendUntilAcknowledged(recordOf(topic, event, options), options),
    sendUntilAcknowledged,
    untilAcknowledged,
  };
}
