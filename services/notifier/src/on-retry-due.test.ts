import { describe, expect, test } from '@jest/globals';
import { DeadLetterError } from '@nask/kafka';
import { completedTask } from './fixtures/doubles.ts';
import { handlersWith, recordOf } from './fixtures/handlers.ts';
import { retryHeaders, type RetryDetails } from './delivery/retries.rules.ts';

describe('a retry', () => {
  const details: RetryDetails = { attempt: 2, round: 0, completionOffset: 7, dueMs: 5, sinceMs: 3, parked: 1 };
  const retryOf = (different: Partial<RetryDetails> = {}, headers: Record<string, string> = {}) =>
    recordOf(completedTask(), 99, {
      topic: 'notifications.retry.1',
      headers: { ce_id: 'c', ...retryHeaders({ ...details, ...different }), ...headers },
    });

  test('is attempted, and carries the completion on as it was', async () => {
    const { handle, asked } = handlersWith();
    await handle(retryOf());
    expect(asked).toMatchObject([
      {
        id: { taskKey: '4', completionOffset: 7, round: 0, attempt: 2 },
        completion: { offset: 7, key: '4', headers: { ce_id: 'c' } },
        sinceMs: 3,
        parked: 1,
      },
    ]);
    expect(asked[0]!.completion.headers).toEqual({ ce_id: 'c' });
  });

  test('is not attempted when that attempt was made, its round ended, or a later one was begun', async () => {
    const { handle, states } = handlersWith();
    await handle(retryOf());
    await handle(retryOf());
    await handle(retryOf({ attempt: 3 }));
    await handle(recordOf(completedTask(), 7));
    expect(states()).toEqual(['2 DELIVERED']);
    await handle(retryOf({ round: 5, attempt: 1 }));
    await handle(retryOf({ attempt: 4 }));
    expect(states()).toEqual(['2 DELIVERED', '1 DELIVERED']);
  });

  test('that does not say which it is, is a dead letter', async () => {
    const { handle } = handlersWith();
    await expect(handle(retryOf({}, { 'notification-attempt': 'two' }))).rejects.toThrow(DeadLetterError);
  });
});
