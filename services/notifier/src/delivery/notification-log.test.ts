import { expect, test } from '@jest/globals';
import { DeadLetterError, DeadLettersExhaustedError, type ConsumedRecord, type OutgoingRecord } from '@nask/kafka';
import { createNotifierDeadLetters, UndeliverableError } from './notification-log.ts';

const record: ConsumedRecord = {
  topic: 'tasks.completed',
  partition: 3,
  offset: 7,
  key: '4',
  value: Buffer.from([1]),
  headers: {},
  timestampMs: 0,
};

function deadLetters() {
  const sent: OutgoingRecord[] = [];
  const sink = createNotifierDeadLetters({
    send: (letter) => {
      sent.push(letter);
      return Promise.resolve({ topic: letter.topic, partition: 0, offset: sent.length });
    },
  });
  return { sent, sink };
}

test('webhooks that are given up are dead letters, however many', async () => {
  const { sent, sink } = deadLetters();
  for (let i = 0; i < 1000; i += 1) await sink.publish(record, new UndeliverableError('given up'));
  expect(sent).toHaveLength(1000);
  expect(sent[0]).toMatchObject({ topic: 'dead-letters.notifier', key: '4', value: record.value });
});

test('records that are not understood are dead letters up to a ceiling', async () => {
  const { sent, sink } = deadLetters();
  const publishMany = async () => {
    for (let i = 0; i < 1000; i += 1) await sink.publish(record, new DeadLetterError('undecodable'));
  };
  await expect(publishMany()).rejects.toThrow(DeadLettersExhaustedError);
  expect(sent.length).toBeGreaterThan(0);
  await sink.publish(record, new UndeliverableError('given up'));
});
