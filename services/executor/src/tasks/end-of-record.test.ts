import { describe, expect, test } from '@jest/globals';
import { DeadLetterError, ProducerError, type ConsumedRecord } from '@nask/kafka';
import { endOfRecord } from './end-of-record.ts';
import { HandedBackError } from './held-task.ts';

const record: ConsumedRecord = {
  topic: 'tasks.requested',
  partition: 0,
  offset: 7,
  key: '1',
  value: Buffer.from(''),
  headers: {},
  timestampMs: 0,
};

/** How the record of work that fails ends: the error, and whether that waits for the signal. */
async function endAfter(failure: Error): Promise<{ error: unknown; isWaiting: boolean }> {
  const controller = new AbortController();
  let error: unknown;
  async function end(): Promise<void> {
    try {
      await endOfRecord(Promise.reject(failure), record, controller.signal);
    } catch (thrown) {
      error = thrown;
    }
  }
  const ended = end();
  await new Promise((resolve) => setImmediate(resolve));
  const isWaiting = error === undefined;
  controller.abort();
  await ended;
  return { error, isWaiting };
}

describe('the record of a task', () => {
  test('is done with its work', async () => {
    await endOfRecord(Promise.resolve(), record, new AbortController().signal);
  });

  test('is a dead letter when what is to be written about it is too large for Kafka', async () => {
    const cause = new ProducerError('RECORD_TOO_LARGE', 'too large');
    const { error } = await endAfter(cause);
    expect(error).toBeInstanceOf(DeadLetterError);
    expect(error).toMatchObject({ message: 'too large', record: { offset: 7 }, cause });
  });

  test.each([new ProducerError('STOPPED', 'no'), new Error('any other')])(
    'is tried again after another error: %s',
    async (failure) => {
      const { error, isWaiting } = await endAfter(failure);
      // toEqual compares the messages of errors alone.
      expect(error).toBe(failure);
      expect(isWaiting).toBe(false);
    },
  );

  test('stays open until the consumer gives it up when the task was handed back', async () => {
    const handedBack = new HandedBackError('This executor stops.');
    const { error, isWaiting } = await endAfter(handedBack);
    expect(error).toBe(handedBack);
    expect(isWaiting).toBe(true);
  });
});
