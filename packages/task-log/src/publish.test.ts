import { describe, expect, test } from '@jest/globals';
import { ProducerError, type OutgoingRecord } from '@nask/kafka';
import { silentLogger } from '@nask/kafka/testing/silent-logger.ts';
import { createEventPublisher } from './publish.ts';

const started = {
  event_id: 'e1',
  task_id: 7,
  attempt: 1,
  executor: 'x',
  started_at: 1_700_000_000_123,
  crashes: 0,
  trial: 0,
};
const position = { topic: 'tasks.started', partition: 0, offset: 3 };

/** A publisher whose sends have the outcomes given, one after the other; encodes as JSON. */
function publishing(outcomes: (() => Promise<typeof position>)[] = []) {
  const sent: { record: OutgoingRecord; deadlineMs: number | undefined }[] = [];
  const publisher = createEventPublisher({
    producer: {
      send(record, options) {
        sent.push({ record, deadlineMs: options?.deadlineMs });
        return (outcomes.shift() ?? (async () => position))();
      },
    },
    codec: { encode: (_, event) => Buffer.from(JSON.stringify(event)) },
    source: '/nask/test',
    logger: silentLogger,
  });
  return { publisher, sent };
}

describe('the record of an event', () => {
  test('has the key, the time and the id that the event has, and the headers of its cause', () => {
    const { publisher, sent } = publishing();
    const record = publisher.recordOf('tasks.started', started, { requestId: 'r1', traceparent: 't1' });
    expect(record).toEqual({
      topic: 'tasks.started',
      key: '7',
      value: Buffer.from(JSON.stringify(started)),
      headers: {
        ce_specversion: '1.0',
        ce_id: 'e1',
        ce_type: 'TaskStarted',
        ce_source: '/nask/test',
        ce_subject: '7',
        ce_time: '2023-11-14T22:13:20.123Z',
        ce_requestid: 'r1',
        traceparent: 't1',
      },
    });
    expect(sent).toEqual([]);
  });

  test('of an event without an id takes the one given, and may have another source', () => {
    const lease = { gateway: 'gateway-1', leased_at: 1_700_000_000_123 };
    const { key, headers } = publishing().publisher.recordOf('task-id-leases', lease, { eventId: 'e2', source: '/o' });
    expect(key).toBe('gateway-1');
    expect(headers).toMatchObject({ ce_id: 'e2', ce_source: '/o', ce_subject: 'gateway-1' });
    expect(() => publishing().publisher.recordOf('task-id-leases', lease)).toThrow('needs an eventId');
  });
});

describe('publishing an event', () => {
  test('sends it once, by the deadline given, and returns its position', async () => {
    const { publisher, sent } = publishing();
    expect(await publisher.publish('tasks.started', started, { deadlineMs: 50 })).toBe(position);
    expect(sent).toEqual([{ record: publisher.recordOf('tasks.started', started), deadlineMs: 50 }]);
  });

  test('rejects with the error of the producer', async () => {
    const { publisher } = publishing([() => Promise.reject(new ProducerError('STOPPED', 'no'))]);
    await expect(publisher.publish('tasks.started', started)).rejects.toMatchObject({ code: 'STOPPED' });
  });

  test('until it is acknowledged sends the same record again', async () => {
    const { publisher, sent } = publishing([() => Promise.reject(new ProducerError('DEADLINE_EXCEEDED', 'no'))]);
    const { signal } = new AbortController();
    await publisher.publishUntilAcknowledged('tasks.started', started, { signal });
    expect(sent).toHaveLength(2);
    expect(sent[0]!.record).toBe(sent[1]!.record);
  });

  test('until it is acknowledged ends with the signal, and with a record that is too large', async () => {
    const controller = new AbortController();
    const { signal } = controller;
    const failing = () => {
      controller.abort(new Error('stopped'));
      return Promise.reject(new ProducerError('DEADLINE_EXCEEDED', 'no'));
    };
    const stopped = publishing([failing]).publisher.publishUntilAcknowledged('tasks.started', started, { signal });
    await expect(stopped).rejects.toThrow('stopped');

    const { publisher } = publishing([() => Promise.reject(new ProducerError('RECORD_TOO_LARGE', 'no'))]);
    const tooLarge = publisher.publishUntilAcknowledged('tasks.started', started, {
      signal: new AbortController().signal,
    });
    await expect(tooLarge).rejects.toMatchObject({ code: 'RECORD_TOO_LARGE' });
  });
});
