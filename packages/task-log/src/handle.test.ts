import { describe, expect, jest, test } from '@jest/globals';
import { DeadLetterError, type ConsumedRecord } from '@nask/kafka';
import type { Tracing } from '@nask/service';
import { RegistryUnreachableError, UndecodableError, type EventCodec } from './codec.ts';
import { decodeOrSkip, handleEvents } from './handle.ts';

const incoming = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';
const { signal } = new AbortController();

function recordIn(topic: string, key: string | null = '7'): ConsumedRecord {
  const headers = { traceparent: incoming };
  return { topic, partition: 1, offset: 5, key, value: Buffer.from('x'), headers, timestampMs: 0 };
}

function decoding(decode: (...args: never[]) => unknown): Pick<EventCodec, 'decode'> {
  return { decode: decode as EventCodec['decode'] };
}

const cancellation = { event_id: 'e', task_id: 7, requested_at: 0 };

/** What a handler of cancellations reads from a record. */
async function read(decode: () => unknown, key: string | null = '7'): Promise<unknown> {
  let event: unknown;
  const { handler } = handleEvents(
    {
      'tasks.cancellation-requested': async (_, context) => {
        event = await context.read();
      },
    },
    { codec: decoding(decode) },
  );
  await handler(recordIn('tasks.cancellation-requested', key), { signal });
  return event;
}

const refusal = async (decoded: Promise<unknown>): Promise<unknown> =>
  decoded.then(
    () => undefined,
    (error) => error,
  );

describe('a table of handlers', () => {
  test('names its topics, and calls the handler of the topic of a record', async () => {
    const calls: string[] = [];
    const { topics, handler } = handleEvents(
      {
        'tasks.requested': async ({ key }, context) => void calls.push(`requested ${key} ${context.signal === signal}`),
        'tasks.deferred': async ({ key }) => void calls.push(`deferred ${key}`),
      },
      { codec: decoding(() => ({})) },
    );
    expect(topics).toEqual(['tasks.requested', 'tasks.deferred']);
    await handler(recordIn('tasks.deferred', '8'), { signal });
    await handler(recordIn('tasks.requested'), { signal });
    expect(calls).toEqual(['deferred 8', 'requested 7 true']);
  });

  test('decodes nothing before the handler asks for it, and decodes with the topic of the table', async () => {
    const decode = jest.fn((_topic: string, _value: unknown) => cancellation);
    const { handler } = handleEvents(
      {
        'tasks.completed': async () => expect(decode).not.toHaveBeenCalled(),
        'tasks.deferred': async (_, { read }) => void read(),
      },
      { codec: decoding(decode) },
    );
    await handler(recordIn('tasks.completed'), { signal });
    await handler(recordIn('tasks.deferred'), { signal });
    expect(decode).toHaveBeenCalledWith('tasks.deferred', Buffer.from('x'));
  });
});

describe('reading the event of a record', () => {
  test('gives it at once when its schema is known', async () => {
    const { handler } = handleEvents(
      { 'tasks.cancellation-requested': async (_, context) => expect(context.read()).toBe(cancellation) },
      { codec: decoding(() => cancellation) },
    );
    await handler(recordIn('tasks.cancellation-requested'), { signal });
  });

  test.each([
    ['at once', () => cancellation],
    ['after the registry answered', async () => cancellation],
  ])('%s', async (_, decode) => {
    expect(await read(decode)).toBe(cancellation);
  });

  test.each<[string, () => unknown]>([
    ['at once', () => ({ ...cancellation, task_id: 8 })],
    ['after the registry answered', async () => ({ ...cancellation, task_id: 8 })],
  ])('whose key is not its task id is a dead letter: %s', async (_, decode) => {
    const error = (await refusal(read(decode))) as DeadLetterError;
    expect(error).toBeInstanceOf(DeadLetterError);
    expect(error.message).toBe('The key "7" is not the id of the task, 8.');
    expect(error.record).toMatchObject({ offset: 5 });
  });

  test('without a key, or of a task without an id, is a dead letter', async () => {
    expect(await refusal(read(() => cancellation, null))).toBeInstanceOf(DeadLetterError);
    expect(await refusal(read(() => ({ ...cancellation, task_id: 0 }), '0'))).toBeInstanceOf(DeadLetterError);
  });

  const undecodable = new UndecodableError('not in the wire format');
  test.each<[string, () => unknown]>([
    [
      'at once',
      () => {
        throw undecodable;
      },
    ],
    ['after the registry answered', () => Promise.reject(undecodable)],
  ])('that cannot be decoded is a dead letter: %s', async (_, decode) => {
    const error = (await refusal(read(decode))) as DeadLetterError;
    expect(error).toBeInstanceOf(DeadLetterError);
    expect([error.message, error.cause, error.record?.offset]).toEqual(['not in the wire format', undecodable, 5]);
  });

  test('is tried again while the registry is away', async () => {
    const away = new RegistryUnreachableError('no answer');
    expect(await refusal(read(() => Promise.reject(away)))).toBe(away);
  });
});

describe('the span of a record', () => {
  const spans: unknown[] = [];
  const tracing: Tracing = {
    isOn: true,
    span(options, work) {
      spans.push(options);
      return work('the traceparent of the span');
    },
    component: { name: 'tracing' },
  };

  function handled(on: Tracing | undefined, entry: 'traced' | 'plain') {
    let headers: Record<string, string> = {};
    const handle = async (record: ConsumedRecord) => void ({ headers } = record);
    const { handler } = handleEvents(
      { 'tasks.requested': entry === 'plain' ? handle : { span: 'run task', handle } },
      { codec: decoding(() => ({})), tracing: on },
    );
    return handler(recordIn('tasks.requested'), { signal }).then(() => headers['traceparent']);
  }

  test('belongs to the trace in its headers, and the handler gets its traceparent', async () => {
    expect(await handled(tracing, 'traced')).toBe('the traceparent of the span');
    expect(spans).toEqual([
      {
        name: 'run task',
        kind: 'consumer',
        traceparent: incoming,
        attributes: {
          'messaging.system': 'kafka',
          'messaging.destination.name': 'tasks.requested',
          'messaging.destination.partition.id': '1',
          'messaging.kafka.offset': 5,
          'nask.task_id': '7',
        },
      },
    ]);
  });

  test('is not there without a name, without tracing, or with tracing off', async () => {
    expect(await handled(tracing, 'plain')).toBe(incoming);
    expect(await handled(undefined, 'traced')).toBe(incoming);
    expect(await handled({ ...tracing, isOn: false }, 'traced')).toBe(incoming);
    expect(spans).toHaveLength(1);
  });
});

describe('a record that is read back', () => {
  const warn = jest.fn();
  const logger = { warn };

  test('is its event', async () => {
    const record = recordIn('tasks.started');
    expect(
      decodeOrSkip(
        decoding(() => cancellation),
        'tasks.started',
        record,
        logger,
      ),
    ).toBe(cancellation);
    expect(
      await decodeOrSkip(
        decoding(async () => cancellation),
        'tasks.started',
        record,
        logger,
      ),
    ).toBe(cancellation);
    expect(warn).not.toHaveBeenCalled();
  });

  test('and cannot be decoded is left out, with a warning', async () => {
    const record = recordIn('tasks.started');
    const err = new UndecodableError('no');
    const throwing = decoding(() => {
      throw err;
    });
    expect(decodeOrSkip(throwing, 'tasks.started', record, logger)).toBeUndefined();
    const rejecting = decoding(() => Promise.reject(err));
    expect(await decodeOrSkip(rejecting, 'tasks.started', record, logger)).toBeUndefined();
    const fields = { err, topic: 'tasks.started', partition: 1, offset: 5 };
    expect(warn.mock.calls).toEqual([
      [fields, 'a record that cannot be decoded is left out'],
      [fields, 'a record that cannot be decoded is left out'],
    ]);
  });

  test('is tried again while the registry is away', async () => {
    const away = decoding(() => Promise.reject(new RegistryUnreachableError('no answer')));
    await expect(decodeOrSkip(away, 'tasks.started', recordIn('tasks.started'), logger)).rejects.toThrow('no answer');
  });
});
