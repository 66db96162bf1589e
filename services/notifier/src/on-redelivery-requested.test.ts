import { describe, expect, test } from '@jest/globals';
import { DeadLetterError, type ConsumedRecord } from '@nask/kafka';
import { eventWithDefaults, type RedeliveryRequested } from '@nask/schemas';
import { completedTask } from './fixtures/doubles.ts';
import { handlersWith, recordOf } from './fixtures/handlers.ts';

/** A request of the redelivery of `completedTask()`, whose completion has the offset 7. */
function request(different: Partial<RedeliveryRequested> = {}, record: Partial<ConsumedRecord> = {}): ConsumedRecord {
  const { event_id: completion_event_id, error: _, notify_url, ...facts } = completedTask();
  const event = eventWithDefaults('RedeliveryRequested', {
    ...facts,
    event_id: 'redelivery',
    notify_url: notify_url!,
    redelivery_requested_at: 0,
    completion_offset: 7,
    completion_event_id,
    ...different,
  });
  const headers = { ce_source: '/nask/gateway-1' };
  return recordOf(event, 3, { topic: 'notifications.redelivery-requested', headers, ...record });
}

describe('a redelivery', () => {
  test('is a new round of the webhook, with the completion as it was', async () => {
    const { handle, asked, states } = handlersWith();
    await handle(recordOf(completedTask(), 7));
    await handle(request());
    expect(asked[1]).toMatchObject({
      id: { taskKey: '4', completionOffset: 7, round: 4, attempt: 1 },
      completion: { offset: 7, key: '4', headers: { ce_source: '/nask/gateway-1' }, timestampMs: 1_795_000_000_013 },
      parked: 0,
    });
    expect(JSON.parse(asked[1]!.completion.value.toString())).toEqual(completedTask());
    expect(states()).toEqual(['1 DELIVERED', '1 DELIVERED']);
  });

  test('has the body of the webhook, with the causes of the error and without the result where it was so', async () => {
    const { handle, asked } = handlersWith();
    const error_causes = [{ name: 'TypeError', message: 'fetch failed' }];
    const failed = { outcome: 'FAILURE', result: null, error_code: 'EPIPE', error_message: 'no', error_causes };
    await handle(request({ ...failed, include_result: false, run_at: 1_795_000_000_005 }));
    expect(JSON.parse(asked[0]!.completion.value.toString())).toEqual(
      completedTask({
        outcome: 'FAILURE',
        result: null,
        error: { code: 'EPIPE', message: 'no', causes: error_causes },
        include_result: false,
        run_at: 1_795_000_000_005,
      }),
    );
  });

  test('that is read twice is made once', async () => {
    const { handle, states } = handlersWith();
    await handle(request());
    await handle(request());
    expect(states()).toEqual(['1 DELIVERED']);
  });

  test.each([
    ['has the key of another task', request({}, { key: '5' }), 'key "5"'],
    ['has an outcome that is none', request({ outcome: 'PENDING' }), '"PENDING"'],
  ])('is a dead letter when its record %s', async (_, record, why) => {
    const { handle } = handlersWith();
    await expect(handle(record)).rejects.toThrow(DeadLetterError);
    await expect(handle(record)).rejects.toThrow(why);
  });
});
