import { describe, expect, test } from '@jest/globals';
import { DeadLetterError, UndecodableError, type ConsumedRecord } from '@nask/kafka';
import type { TaskCompleted } from '@nask/schemas';
import { Registry } from 'prom-client';
import { createCompletionHandler } from './completion-handler.ts';
import { createFirstCompletions } from './domain/first-completions.ts';
import { createHostSlots } from './domain/host-slots.ts';
import type { Webhook } from './domain/webhook.ts';
import { completedTask } from './fixtures/completed-task.ts';
import { createNotifierMetrics } from './metrics.ts';
import { UndeliverableError } from './undeliverable-error.ts';

/** A handler whose values are JSON, and what it delivered; `deliver` may be made to fail. */
function handlerWith(deliver: (webhook: Webhook) => Promise<void> = () => Promise.resolve()) {
  const registry = new Registry();
  const delivered: string[] = [];
  const handler = createCompletionHandler({
    decode: (value) => {
      if (value === null) throw new UndecodableError('no value');
      return Promise.resolve(JSON.parse(value.toString()) as TaskCompleted);
    },
    completions: createFirstCompletions(10),
    deliver: async (webhook) => {
      await deliver(webhook);
      delivered.push(webhook.id);
    },
    metrics: createNotifierMetrics(registry, createHostSlots({ maxRunning: 1, maxRunningPerHost: 1 })),
  });
  const handle = (record: ConsumedRecord) => handler(record, { signal: new AbortController().signal });
  return { delivered, handle, registry };
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

  test('that was given up stays the first: a repeat of it is not delivered', async () => {
    const { handle, delivered } = handlerWith(() => Promise.reject(new UndeliverableError('given up')));
    await expect(handle(recordOf(completedTask(), 7))).rejects.toThrow(UndeliverableError);
    await handle(recordOf(completedTask(), 9));
    expect(delivered).toEqual([]);
  });
});

describe('a record for the dead letters', () => {
  test.each([
    ['has no key', recordOf(completedTask(), 7, { key: null }), 'no key'],
    ['has the key of another task', recordOf(completedTask(), 7, { key: '5' }), 'key "5"'],
    ['cannot be decoded', recordOf(completedTask(), 7, { value: null }), 'no value'],
    ['has an unusable notify_url', recordOf(completedTask({ notify_url: 'nonsense' })), 'absolute URL'],
    ['has a result that is not JSON', recordOf(completedTask({ result: '{' })), 'JSON'],
  ])('is one that %s', async (_, record, why) => {
    const { handle } = handlerWith();
    await expect(handle(record)).rejects.toThrow(DeadLetterError);
    await expect(handle(record)).rejects.toThrow(why);
  });

  test('is no fault of the record when it has nowhere to go', async () => {
    const { handle, registry } = handlerWith();
    const nowhere = recordOf(completedTask({ notify_url: 'nonsense' }));
    await expect(handle(nowhere)).rejects.toThrow(UndeliverableError);
    await expect(handle(recordOf(completedTask({ result: '{' })))).rejects.not.toThrow(UndeliverableError);
    expect(await registry.metrics()).toContain('notifier_given_up_total{result="unusable-url"} 1');
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
      completions: createFirstCompletions(10),
      deliver: () => Promise.resolve(),
      metrics: createNotifierMetrics(new Registry(), createHostSlots({ maxRunning: 1, maxRunningPerHost: 1 })),
    });
    const handling = handler(recordOf(completedTask()), { signal: new AbortController().signal });
    await expect(handling).rejects.not.toThrow(DeadLetterError);
  });
});
