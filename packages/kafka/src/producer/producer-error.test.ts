import { describe, expect, test } from '@jest/globals';
import { ProducerError, refused } from './producer-error.ts';

describe('a refusal', () => {
  test('leaves open what became of the record, and keeps the cause', () => {
    const cause = Object.assign(new Error('The broker received an out of order sequence number'), {
      type: 'OUT_OF_ORDER_SEQUENCE_NUMBER',
    });
    const error = refused(cause);
    expect(error).toBeInstanceOf(ProducerError);
    expect(error).toMatchObject({ code: 'REFUSED', outcomeUnknown: true, retryable: true, cause });
    expect(error.message).toContain('out of order');
  });

  test.each(['MESSAGE_TOO_LARGE', 'TOPIC_AUTHORIZATION_FAILED', 'INVALID_RECORD'])(
    '%s is not worth a retry',
    (type) => {
      expect(refused(Object.assign(new Error('no'), { type })).retryable).toBe(false);
    },
  );
});
