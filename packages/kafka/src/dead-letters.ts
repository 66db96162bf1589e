import { DeadLettersExhaustedError, type DeadLetterError } from './consumer/errors.ts';
import type { GroupCommitProducer } from './group-commit-producer.ts';
import { ProducerError } from './producer/producer-error.ts';
import type { ConsumedRecord, HeaderValue, OutgoingRecord } from './record.ts';

export interface DeadLetterSink {
  /**
   * Writes a record to the dead letters. Throws DeadLettersExhaustedError when that would be over the rate; what else it
   * throws is worth a retry.
   */
  publish(record: ConsumedRecord, error: DeadLetterError): Promise<void>;
}

export interface DeadLettersOptions {
  producer: Pick<GroupCommitProducer, 'send'>;
  /** `dead-letters.<service>`. It has to take somewhat larger records than the topics that its records come from. */
  topic: string;
  /**
   * Most dead letters in any minute. More than that is no bad record but a bad release: the partitions they come from
   * stop, until the consumer is started again. Default 60.
   */
  maxPerMinute?: number;
  nowMs?: () => number;
}

const minuteMs = 60_000;
const maxReasonLength = 1_000;

/**
 * A dead letter has the key, value and headers of the record, and these headers: `dead-letter-reason`,
 * `dead-letter-topic`, `dead-letter-partition`, `dead-letter-offset`, `dead-letter-timestamp` (RFC 3339, when the record
 * was written). A record that is too large together with them comes without its value, and `dead-letter-value` says
 * `too large`; without a value it says `null`.
 */
export function createDeadLetters(options: DeadLettersOptions): DeadLetterSink {
  const { producer, topic, maxPerMinute = 60, nowMs = Date.now } = options;
  let recentMs: number[] = [];

  return {
    async publish(record, error) {
      recentMs = recentMs.filter((publishedMs) => publishedMs > nowMs() - minuteMs);
      if (recentMs.length >= maxPerMinute)
        throw new DeadLettersExhaustedError(
          `${recentMs.length} dead letters within a minute, the limit is ${maxPerMinute}; the next would be ${record.topic}/${record.partition} offset ${record.offset}: ${error.message}`,
        );
      recentMs.push(nowMs());
      const letter = letterOf(record, error, topic);
      try {
        await producer.send(letter);
      } catch (sendError) {
        if (!(sendError instanceof ProducerError) || sendError.code !== 'RECORD_TOO_LARGE') throw sendError;
        const headers = { ...letter.headers, 'dead-letter-value': 'too large' };
        await producer.send({ ...letter, headers, value: Buffer.alloc(0) });
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
