import { describe, expect, test } from '@jest/globals';
import { DeadLetterError, DeadLettersExhaustedError } from './dispatch/dispatcher.ts';
import { createDeadLetters } from './dead-letters.ts';
import { ProducerError } from '../producer/producer-error.ts';
import type { ConsumedRecord, OutgoingRecord } from '../record.ts';

const record: ConsumedRecord = {
  topic: 'tasks.requested',
  partition: 3,
  offset: 42,
  key: '7',
  value: Buffer.from([0, 255]),
  headers: { ce_id: 'a' },
  timestampMs: Date.UTC(2026, 0, 2, 3, 4, 5, 6),
  original: { key: Buffer.from('7'), headers: { ce_id: Buffer.from([0xc3, 0x28]) } },
};

function collector(send?: (record: OutgoingRecord) => Promise<void>) {
  const sent: OutgoingRecord[] = [];
  const producer = {
    async send(letter: OutgoingRecord) {
      await send?.(letter);
      sent.push(letter);
      return { topic: letter.topic, partition: 0, offset: sent.length };
    },
  };
  return { sent, producer };
}

describe('dead letters', () => {
  test('have the bytes and headers of the record, and say why and where from', async () => {
    const { sent, producer } = collector();
    await createDeadLetters({ producer, topic: 'dead-letters.x' }).publish(record, new DeadLetterError('no schema'));
    expect(sent).toEqual([
      {
        topic: 'dead-letters.x',
        key: '7',
        value: Buffer.from([0, 255]),
        headers: {
          ce_id: Buffer.from([0xc3, 0x28]),
          'dead-letter-reason': 'no schema',
          'dead-letter-topic': 'tasks.requested',
          'dead-letter-partition': '3',
          'dead-letter-offset': '42',
          'dead-letter-timestamp': '2026-01-02T03:04:05.006Z',
        },
      },
    ]);
  });

  test('over the rate they are refused, until a minute has passed', async () => {
    const { sent, producer } = collector();
    let now = 0;
    const letters = createDeadLetters({ producer, topic: 't', maxPerMinute: 2, nowMs: () => now });
    const publish = () => letters.publish(record, new DeadLetterError('bad'));
    await publish();
    now = 30_000;
    await publish();
    now = 59_999;
    await expect(publish()).rejects.toThrow(DeadLettersExhaustedError);
    now = 60_001;
    await publish();
    expect(sent).toHaveLength(3);
  });

  test('one that is tried again because it could not be sent counts once', async () => {
    let away = true;
    const { sent, producer } = collector(() => (away ? Promise.reject(new Error('away')) : Promise.resolve()));
    const letters = createDeadLetters({ producer, topic: 't', maxPerMinute: 1, nowMs: () => 0 });
    const publish = () => letters.publish(record, new DeadLetterError('bad'));
    await expect(publish()).rejects.toThrow('away');
    away = false;
    await publish();
    expect(sent).toHaveLength(1);
  });

  test('a record that is too large with its reason comes without its value, and says so', async () => {
    const { sent, producer } = collector(({ value }) =>
      value.length > 0
        ? Promise.reject(new ProducerError('RECORD_TOO_LARGE', 'too large', { retryable: false }))
        : Promise.resolve(),
    );
    await createDeadLetters({ producer, topic: 't' }).publish(record, new DeadLetterError('bad'));
    expect(sent[0]?.value).toHaveLength(0);
    expect(sent[0]?.headers).toMatchObject({ 'dead-letter-value': 'refused', 'dead-letter-offset': '42' });
  });

  test('a record without a value says so', async () => {
    const { sent, producer } = collector();
    const empty = { ...record, value: null };
    await createDeadLetters({ producer, topic: 't' }).publish(empty, new DeadLetterError('bad'));
    expect(sent[0]?.headers).toMatchObject({ 'dead-letter-value': 'null' });
  });
});
