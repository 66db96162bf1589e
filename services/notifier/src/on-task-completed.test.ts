import { describe, expect, test } from '@jest/globals';
import { DeadLetterError, type ConsumedRecord } from '@nask/kafka';
import { createLogger } from '@nask/service';
import { UndecodableError } from '@nask/task-log';
import type { TaskCompleted } from '@nask/schemas';
import { Registry } from 'prom-client';
import { retryHeaders, type RetryDetails } from './delivery/retries.rules.ts';
import { createWebhookDelivery, type DueAttempt } from './delivery/webhook-delivery.ts';
import { completedTask, recordedLog, testGate } from './fixtures/doubles.ts';
import { createDeliveryMemory } from './memory/delivery-memory.ts';
import { createNotifierMetrics } from './metrics.ts';
import { createCompletionHandler } from './on-task-completed.ts';
import { createWebhookSigner } from './signing/webhook-signature.rules.ts';

/** Handlers of records whose values are JSON, over a sender that accepts everything; `send` may be made to fail. */
function handlerWith({
  send = () => Promise.resolve(),
  decode = (value) => {
    if (value === null) throw new UndecodableError('no value');
    return JSON.parse(value.toString()) as TaskCompleted;
  },
}: { send?: () => Promise<void>; decode?: (value: Buffer | null) => TaskCompleted | Promise<TaskCompleted> } = {}) {
  const registry = new Registry();
  const gate = testGate();
  const metrics = createNotifierMetrics(registry, gate);
  const memory = createDeliveryMemory(10);
  const log = recordedLog();
  const asked: DueAttempt[] = [];
  const delivery = createWebhookDelivery({
    sender: {
      send: async () => {
        await send();
        return { result: { kind: 'accepted', status: 200 } };
      },
      close: () => Promise.resolve(),
    },
    signer: createWebhookSigner([]),
    gate,
    log,
    memory,
    retryPolicy: { tierDelaysMs: [1], maxAttempts: 9, maxRejectedAttempts: 9 },
    maxAgeMs: 1_000,
    notifier: 'notifier-1',
    metrics,
    logger: createLogger({ service: 'test', level: 'silent' }),
    nowMs: () => 0,
    random: () => 0,
  });
  const handler = createCompletionHandler({
    decode,
    memory,
    delivery: {
      ...delivery,
      deliver(completed, due, signal) {
        asked.push(due);
        return delivery.deliver(completed, due, signal);
      },
    },
    metrics,
  });
  const context = { signal: new AbortController().signal };
  const handle = (record: ConsumedRecord) => handler.completed(record, context);
  const retry = (record: ConsumedRecord) => handler.retried(record, context);
  /** The attempts that were written down, and their state. */
  const states = () =>
    log.entries.flatMap((entry) => (entry.what === 'attempted' ? [`${entry.event.attempt} ${entry.event.state}`] : []));
  return { asked, log, states, handle, retry, registry };
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
    const { handle, states } = handlerWith();
    await handle(recordOf(completedTask()));
    expect(states()).toEqual(['1 DELIVERED']);
  });

  test('without one is done', async () => {
    const { handle, log } = handlerWith();
    await handle(recordOf(completedTask({ notify_url: null })));
    expect(log.entries).toEqual([]);
  });

  test('that repeats an earlier one is not delivered, whichever attempt it is of, and is counted', async () => {
    const { handle, states, registry } = handlerWith();
    await handle(recordOf(completedTask(), 7));
    await handle(recordOf(completedTask({ attempt: 2, event_id: 'another' }), 9));
    await handle(recordOf(completedTask(), 7));
    expect(states()).toEqual(['1 DELIVERED']);
    expect(await registry.metrics()).toContain('notifier_repeats_skipped_total 2');
  });

  test('that comes while the first one is still being delivered is not delivered', async () => {
    const accepted = Promise.withResolvers<void>();
    const { handle, states } = handlerWith({ send: () => accepted.promise });
    const first = handle(recordOf(completedTask(), 7));
    await handle(recordOf(completedTask(), 9));
    accepted.resolve();
    await first;
    expect(states()).toEqual(['1 DELIVERED']);
  });

  test('is delivered when it comes again after its delivery was interrupted', async () => {
    let interrupted = false;
    const { handle, states } = handlerWith({
      send: () => {
        if (interrupted) return Promise.resolve();
        interrupted = true;
        return Promise.reject(new Error('the partition went elsewhere'));
      },
    });
    await expect(handle(recordOf(completedTask()))).rejects.toThrow('elsewhere');
    await handle(recordOf(completedTask()));
    expect(states()).toEqual(['1 DELIVERED']);
  });

  test('with a notify_url that leads nowhere is refused once', async () => {
    const { handle, log } = handlerWith();
    const nowhere = completedTask({ notify_url: 'nonsense' });
    await handle(recordOf(nowhere, 7));
    await handle(recordOf(nowhere, 7));
    await handle(recordOf(nowhere, 9));
    expect(log.entries).toMatchObject([
      { what: 'given-up', reason: 'notify_url is not an absolute URL' },
      { what: 'attempted', event: { state: 'FAILED' } },
    ]);
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
    const { retry, asked } = handlerWith();
    await retry(retryOf());
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
    const { handle, retry, states } = handlerWith();
    await retry(retryOf());
    await retry(retryOf());
    await retry(retryOf({ attempt: 3 }));
    await handle(recordOf(completedTask(), 7));
    expect(states()).toEqual(['2 DELIVERED']);
    await retry(retryOf({ round: 5, attempt: 1 }));
    await retry(retryOf({ attempt: 4 }));
    expect(states()).toEqual(['2 DELIVERED', '1 DELIVERED']);
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
    const { handle, states } = handlerWith();
    await expect(handle(recordOf(completedTask(), 7, { value: null }))).rejects.toThrow(DeadLetterError);
    await handle(recordOf(completedTask(), 9));
    expect(states()).toEqual(['1 DELIVERED']);
  });

  test('is none for which the registry could only not be reached', async () => {
    const { handle } = handlerWith({ decode: () => Promise.reject(new Error('unreachable')) });
    const handling = handle(recordOf(completedTask()));
    await expect(handling).rejects.not.toThrow(DeadLetterError);
  });
});
