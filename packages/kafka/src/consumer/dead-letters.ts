import { DeadLettersExhaustedError, type DeadLetterError } from './dispatch/dispatcher.ts';
import type { GroupCommitProducer } from '../producer/group-commit-producer.ts';
import { ProducerError } from '../producer/producer-error.ts';
import type { ConsumedRecord, HeaderValue, OutgoingRecord } from '../record.ts';

export interface DeadLetterSink {
  /**
   * Writes a record to the dead letters. Throws DeadLettersExhaustedError when that would be over the rate; what else it
   * throws is worth a retry.
   */
  publish(record: ConsumedRecord, error: DeadLetterError): Promise<void>;
}

const minuteMs = 60_000;
const maxReasonLength = 1_000;

/**
 * A dead letter has the key, value and headers of the record, and these headers: `dead-letter-reason`,
 * `dead-letter-topic`, `dead-letter-partition`, `dead-letter-offset`, `dead-letter-timestamp` (RFC 3339, when the record
 * was written). A record that Kafka does not take, most likely because it is too large together with them, comes
 * without its value, and `dead-letter-value` says `refused`; of a record that has no value it says `null`.
 */
export function createDeadLetters(options: {
  producer: Pick<GroupCommitProducer, 'send'>;
  /** `dead-letters.<service>`. It has to take somewhat larger records than the topics that its records come from. */
  topic: string;
  /**
   * Most dead letters in any minute. More than that is no bad record but a bad release: the partitions they come from
   * stop, until the consumer is started again. Default 60.
   */
  maxPerMinute?: number;
  nowMs?: () => number;
}): DeadLetterSink {
  const { producer, topic, maxPerMinute = 60, nowMs = Date.now } = options;
  let recent: { atMs: number }[] = [];

  async function send(letter: OutgoingRecord): Promise<void> {
    try {
      await producer.send(letter);
    } catch (error) {
      if (!(error instanceof ProducerError) || error.retryable) throw error;
      const headers = { ...letter.headers, 'dead-letter-value': 'refused' };
      await producer.send({ ...letter, headers, value: Buffer.alloc(0) });
    }
  }

  return {
    async publish(record, error) {
      recent = recent.filter(({ atMs }) => atMs > nowMs() - minuteMs);
      if (recent.length >= maxPerMinute)
        throw new DeadLettersExhaustedError(
          `${recent.length} dead letters within a minute, the limit is ${maxPerMinute}; the next would be ${record.topic}/${record.partition} offset ${record.offset}: ${error.message}`,
          { record },
        );
      const published = { atMs: nowMs() };
      recent.push(published);
      try {
        await send(letterOf(record, error, topic));
      } catch (sendError) {
        // It comes again, and then it counts.
        recent = recent.filter((other) => other !== published);
        throw sendError;
      }
    },
  };
}

function letterOf(record: ConsumedRecord, error: DeadLetterError, topic: string): OutgoingRecord {
  const headers: Record<string, HeaderValue> = {
    ...(record.original?.headers ?? record.headers),
    'dead-letter-reason': error.message.slice(0, maxReasonLength),
    'dead-letter-topic': record.topic,
    'dead-letter-partition': String(record.partition),
    'dead-letter-offset': String(record.offset),
    'dead-letter-timestamp': new Date(record.timestampMs).toISOString(),
  };
  if (record.value === null) headers['dead-letter-value'] = 'null';
  return { topic, key: record.key ?? '', value: record.value ?? Buffer.alloc(0), headers };
}
