import { describe, expect, test } from '@jest/globals';
import { DeadLetterError, type ConsumedRecord } from '@nask/kafka';
import { UndecodableError } from '@nask/task-log';
import type { TaskCompleted } from '@nask/schemas';
import { Registry } from 'prom-client';
import { createCompletionHandler } from './on-task-completed.ts';
import { createDeliveryMemory } from './memory/delivery-memory.ts';
import type { Delivery } from './delivery/delivery.ts';
import { retryHeaders, type RetryDetails } from './delivery/retry-headers.ts';
import { completedTask } from './fixtures/completed-task.ts';
import { testGate } from './fixtures/test-gate.ts';
import { createNotifierMetrics } from './metrics.ts';

/** Handlers whose values are JSON, and what they had delivered; `deliver` may be made to fail. */
function handlerWith(deliver: (delivery: Delivery) => Promise<void> = () => Promise.resolve()) {
  const registry = new Registry();
  const memory = createDeliveryMemory(10);
  const delivered: Delivery[] = [];
  const refused: string[] = [];
  const handler = createCompletionHandler({
    decode: (value) => {
      if (value === null) throw new UndecodableError('no value');
      return Promise.resolve(JSON.parse(value.toString()) as TaskCompleted);
    },
    memory,
    delivery: {
      deliver: async (delivery) => {
        await deliver(delivery);
        delivered.push(delivery);
        memory.attempted(delivery.id, 'DELIVERED');
      },
      refuse: async ({ id }, why) => {
        refused.push(why);
        memory.attempted({ ...id, attempt: 0 }, 'FAILED');
      },
      close: () => Promise.resolve(),
    },
    metrics: createNotifierMetrics(registry, testGate()),
  });
  const context = { signal: new AbortController().signal };
  const handle = (record: ConsumedRecord) => handler.completed(record, context);
  const retry = (record: ConsumedRecord) => handler.retried(record, context);
  return { delivered, refused, handle, retry, registry };
}

function recordOf(completed: TaskCompleted, offset = 7, different: Partial<ConsumedRecord> = {}): ConsumedRecord {
  return {
    topic: 'tasks.completed',
    partition: 0,
    offset,
    key: String(completed.task_id),
    value: Buffer.from(JSON.stringify(completed)),
    headers: {},
    timestampMs: 0,
    ...different,
  };
}

describe('a completion', () => {
  test('with a notify_url is delivered', async () => {
    const { handle, delivered } = handlerWith();
    await handle(recordOf(completedTask()));
    expect(delivered).toHaveLength(1);
  });

  test('without one is done', async () => {
    const { handle, delivered } = handlerWith();
    await handle(recordOf(completedTask({ notify_url: null })));
    expect(delivered).toEqual([]);
  });

  test('that repeats an earlier one is not delivered, whichever attempt it is of, and is counted', async () => {
    const { handle, delivered, registry } = handlerWith();
    await handle(recordOf(completedTask(), 7));
    await handle(recordOf(completedTask({ attempt: 2, event_id: 'another' }), 9));
    await handle(recordOf(completedTask(), 7));
    expect(delivered).toHaveLength(1);
    expect(await registry.metrics()).toContain('notifier_repeats_skipped_total 2');
  });

  test('that comes while the first one is still being delivered is not delivered', async () => {
    const accepted = Promise.withResolvers<void>();
    const { handle, delivered } = handlerWith(() => accepted.promise);
    const first = handle(recordOf(completedTask(), 7));
    await handle(recordOf(completedTask(), 9));
    accepted.resolve();
    await first;
    expect(delivered).toHaveLength(1);
  });

  test('is delivered when it comes again after its delivery was interrupted', async () => {
    let interrupted = false;
    const { handle, delivered } = handlerWith(() => {
      if (interrupted) return Promise.resolve();
      interrupted = true;
      return Promise.reject(new Error('the partition went elsewhere'));
    });
    await expect(handle(recordOf(completedTask()))).rejects.toThrow('elsewhere');
    await handle(recordOf(completedTask()));
    expect(delivered).toHaveLength(1);
  });

  test('with a notify_url that leads nowhere is refused once', async () => {
    const { handle, delivered, refused } = handlerWith();
    const nowhere = completedTask({ notify_url: 'nonsense' });
    await handle(recordOf(nowhere, 7));
    await handle(recordOf(nowhere, 7));
    await handle(recordOf(nowhere, 9));
    expect([delivered, refused]).toEqual([[], ['notify_url is not an absolute URL']]);
  });
});

describe('a retry', () => {
  const details: RetryDetails = { attempt: 2, round: 0, completionOffset: 7, dueMs: 5, sinceMs: 3, parked: 1 };
  const retryOf = (different: Partial<RetryDetails> = {}, headers: Record<string, string> = {}) =>
    recordOf(completedTask(), 99, {
      topic: 'notifications.retry.1',
      headers: { ce_id: 'c', ...retryHeaders({ ...details, ...different }), ...headers },
    });

  test('is attempted, and carries the completion on as it was', async () => {
    const { retry, delivered } = handlerWith();
    await retry(retryOf());
    expect(delivered).toMatchObject([
      {
        id: { taskKey: '4', completionOffset: 7, round: 0, attempt: 2 },
        completion: { offset: 7, key: '4', headers: { ce_id: 'c' } },
        sinceMs: 3,
        parked: 1,
      },
    ]);
    expect(delivered[0]!.completion.headers).toEqual({ ce_id: 'c' });
  });

  test('is not attempted when that attempt was made, its round ended, or a later one was begun', async () => {
    const { handle, retry, delivered } = handlerWith();
    await retry(retryOf());
    await retry(retryOf());
    await retry(retryOf({ attempt: 3 }));
    await handle(recordOf(completedTask(), 7));
    expect(delivered).toHaveLength(1);
    await retry(retryOf({ round: 5, attempt: 1 }));
    await retry(retryOf({ attempt: 4 }));
    expect(delivered).toHaveLength(2);
  });

  test('that does not say which it is, is a dead letter', async () => {
    const { retry } = handlerWith();
    await expect(retry(retryOf({}, { 'notification-attempt': 'two' }))).rejects.toThrow(DeadLetterError);
  });
});

describe('a record for the dead letters', () => {
  test.each([
    ['has no key', recordOf(completedTask(), 7, { key: null }), 'no key'],
    ['has the key of another task', recordOf(completedTask(), 7, { key: '5' }), 'key "5"'],
    ['cannot be decoded', recordOf(completedTask(), 7, { value: null }), 'no value'],
    ['has a result that is not JSON', recordOf(completedTask({ result: '{' })), 'JSON'],
  ])('is one that %s', async (_, record, why) => {
    const { handle } = handlerWith();
    await expect(handle(record)).rejects.toThrow(DeadLetterError);
    await expect(handle(record)).rejects.toThrow(why);
  });

  test('does not keep a good completion that follows it from being delivered', async () => {
    const { handle, delivered } = handlerWith();
    await expect(handle(recordOf(completedTask(), 7, { value: null }))).rejects.toThrow(DeadLetterError);
    await handle(recordOf(completedTask(), 9));
    expect(delivered).toHaveLength(1);
  });

  test('is none for which the registry could only not be reached', async () => {
    const handler = createCompletionHandler({
      decode: () => Promise.reject(new Error('unreachable')),
      memory: createDeliveryMemory(10),
      delivery: { deliver: () => Promise.resolve(), refuse: () => Promise.resolve(), close: () => Promise.resolve() },
      metrics: createNotifierMetrics(new Registry(), testGate()),
    });
    const handling = handler.completed(recordOf(completedTask()), { signal: new AbortController().signal });
    await expect(handling).rejects.not.toThrow(DeadLetterError);
  });
});
