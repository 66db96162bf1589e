import { describe, expect, test } from '@jest/globals';
import { DeadLetterError } from '@nask/kafka';
import { completedTask } from './fixtures/doubles.ts';
import { handlersWith, recordOf } from './fixtures/handlers.ts';

describe('a completion', () => {
  test('with a notify_url is delivered', async () => {
    const { handle, states } = handlersWith();
    await handle(recordOf(completedTask()));
    expect(states()).toEqual(['1 DELIVERED']);
  });

  test('without one is done', async () => {
    const { handle, log } = handlersWith();
    await handle(recordOf(completedTask({ notify_url: null })));
    expect(log.entries).toEqual([]);
  });

  test('that repeats an earlier one is not delivered, whichever attempt it is of, and is counted', async () => {
    const { handle, states, registry } = handlersWith();
    await handle(recordOf(completedTask(), 7));
    await handle(recordOf(completedTask({ attempt: 2, event_id: 'another' }), 9));
    await handle(recordOf(completedTask(), 7));
    expect(states()).toEqual(['1 DELIVERED']);
    expect(await registry.metrics()).toContain('notifier_repeats_skipped_total 2');
  });

  test('that is the first of two is delivered, although its schema is known later', async () => {
    const schema = Promise.withResolvers<void>();
    let decoded = 0;
    const decode = async (_: string, value: Buffer | null) => {
      if (decoded++ === 0) await schema.promise;
      return JSON.parse(value!.toString()) as never;
    };
    const { handle, asked } = handlersWith({ codec: { decode } });
    const first = handle(recordOf(completedTask(), 7));
    await handle(recordOf(completedTask({ attempt: 2, event_id: 'another' }), 9));
    schema.resolve();
    await first;
    expect(asked.map(({ id }) => id.completionOffset)).toEqual([7]);
  });

  test('that comes while the first one is still being delivered is not delivered', async () => {
    const accepted = Promise.withResolvers<void>();
    const { handle, states } = handlersWith({ send: () => accepted.promise });
    const first = handle(recordOf(completedTask(), 7));
    await handle(recordOf(completedTask(), 9));
    accepted.resolve();
    await first;
    expect(states()).toEqual(['1 DELIVERED']);
  });

  test('is delivered when it comes again after its delivery was interrupted', async () => {
    let interrupted = false;
    const { handle, states } = handlersWith({
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
    const { handle, log } = handlersWith();
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

describe('a record for the dead letters', () => {
  test.each([
    ['has no key', recordOf(completedTask(), 7, { key: null }), 'no key'],
    ['has the key of another task', recordOf(completedTask(), 7, { key: '5' }), 'key "5"'],
    ['cannot be decoded', recordOf(completedTask(), 7, { value: null }), 'no value'],
    ['has a result that is not JSON', recordOf(completedTask({ result: '{' })), 'JSON'],
  ])('is one that %s', async (_, record, why) => {
    const { handle } = handlersWith();
    await expect(handle(record)).rejects.toThrow(DeadLetterError);
    await expect(handle(record)).rejects.toThrow(why);
  });

  test('does not keep a good completion that follows it from being delivered', async () => {
    const { handle, states } = handlersWith();
    await expect(handle(recordOf(completedTask(), 7, { value: null }))).rejects.toThrow(DeadLetterError);
    await handle(recordOf(completedTask(), 9));
    expect(states()).toEqual(['1 DELIVERED']);
  });

  test('is none for which the registry could only not be reached', async () => {
    const { handle } = handlersWith({ codec: { decode: () => Promise.reject(new Error('unreachable')) } });
    const handling = handle(recordOf(completedTask()));
    await expect(handling).rejects.not.toThrow(DeadLetterError);
  });
});
