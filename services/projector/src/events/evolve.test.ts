import { describe, expect, test } from '@jest/globals';
import type { TaskDocument } from '@nask/schemas';
import fc from 'fast-check';
import { BSON } from 'mongodb';
import { eventIn } from '../fixtures/task-events.ts';
import { inAnyOrder, inBatches, modelOf, taskLog } from '../fixtures/task-log.ts';
import type { LoggedEvent } from './event.ts';
import { evolve, foldBatch, merge } from './evolve.ts';

type Fold = typeof evolve;

const requestFields = {
  event_id: 'request-4',
  task_id: 4,
  type: 'prime',
  payload: '{"input":100}',
  notify_url: 'http://127.0.0.1:8000/',
  requested_at: 1_795_000_000_000,
};
const request = eventIn('tasks.requested', requestFields);
const runAtMs = 1_795_000_500_000;
const scheduled = eventIn('tasks.scheduled', { ...requestFields, run_at: runAtMs });
const startFields = { task_id: 4, executor: 'executor-a', started_at: 1_795_000_000_012 };
const start = eventIn('tasks.started', { ...startFields, event_id: 'start-4', attempt: 1 });
const secondStart = eventIn('tasks.started', { ...startFields, event_id: 'start-4', attempt: 2 });
const attemptFailed = eventIn('tasks.attempt-failed', {
  event_id: 'failure-4',
  task_id: 4,
  attempt: 1,
  executor: 'executor-a',
  error: { code: 'handler-failed', message: 'Not yet.', causes: [] },
  failed_at: 1_795_000_000_012,
  next_attempt_at: 1_795_000_001_012,
});
const progressFields = {
  event_id: 'progress-4',
  task_id: 4,
  attempt: 1,
  executor: 'executor-a',
  progressed_at: 1_795_000_001_012,
};
const progress = eventIn('tasks.progressed', { ...progressFields, fraction: 0.5 });
const cancellation = eventIn('tasks.cancellation-requested', {
  event_id: 'cancellation-4',
  task_id: 4,
  requested_at: 1_795_000_001_012,
});
const endFields = {
  ...requestFields,
  started_at: 1_795_000_000_012,
  completed_at: 1_795_000_000_013,
  attempt: 1,
  executor: 'executor-a',
};
const success = eventIn('tasks.completed', { ...endFields, event_id: 'end-4', outcome: 'SUCCESS', result: '541' });
const failure = eventIn('tasks.completed', {
  ...endFields,
  event_id: 'late-end-4',
  outcome: 'FAILURE',
  error: { code: 'timed-out', message: 'Took too long.', causes: [] },
});

function fold(events: readonly LoggedEvent[], by: Fold = evolve): Map<number, TaskDocument> {
  const documents = new Map<number, TaskDocument>();
  for (const { event, offset } of events) {
    const id = event.data.task_id;
    documents.set(id, by(documents.get(id), event, offset));
  }
  return documents;
}

/** Sorted by id, since the order of the documents among themselves is nothing that a fold decides. */
function bytesOf(documents: ReadonlyMap<number, TaskDocument>): string[] {
  return [...documents.values()]
    .toSorted((one, other) => one._id - other._id)
    .map((document) => Buffer.from(BSON.serialize(document)).toString('hex'));
}

function expectOneDocumentInAnyOrder(by: Fold): void {
  fc.assert(
    fc.property(
      taskLog.chain((log) => fc.record({ log: fc.constant(log), events: inAnyOrder(log) })),
      ({ log, events }) => {
        expect(bytesOf(fold(events, by))).toEqual(bytesOf(modelOf(log)));
      },
    ),
    { numRuns: 100 },
  );
}

describe('the fold of a task’s events', () => {
  test('given request, start and end, then the document has each in its slot and the outcome as its status', () => {
    const document = evolve(evolve(evolve(undefined, request, 7), start, 3), success, 5);

    expect(document).toEqual({
      _id: 4,
      status: 'SUCCESS',
      created_at: new Date(1_795_000_000_000),
      kept_from: new Date(1_795_000_000_000),
      type: 'prime',
      requested: {
        offset: 7,
        event_id: 'request-4',
        type: 'prime',
        payload: '{"input":100}',
        notify_url: 'http://127.0.0.1:8000/',
        requested_at: new Date(1_795_000_000_000),
      },
      started: {
        offset: 3,
        event_id: 'start-4',
        attempt: 1,
        executor: 'executor-a',
        started_at: new Date(1_795_000_000_012),
      },
      completed: {
        offset: 5,
        event_id: 'end-4',
        attempt: 1,
        executor: 'executor-a',
        outcome: 'SUCCESS',
        result: '541',
        error: null,
        completed_at: new Date(1_795_000_000_013),
      },
    });
  });

  test.each([
    ['PENDING', [request]],
    ['STARTED', [request, start]],
    ['STARTED', [start]],
    ['SUCCESS', [request, success]],
    ['FAILURE', [request, start, failure]],
    ['STARTED', [request, start, progress, cancellation]],
    ['RETRY', [request, start, attemptFailed]],
    ['RETRY', [request, attemptFailed]],
    ['RETRY', [request, attemptFailed, start]],
    ['STARTED', [request, start, attemptFailed, secondStart]],
    ['STARTED', [request, secondStart, start, attemptFailed]],
    ['SUCCESS', [request, success, start, attemptFailed]],
  ])('the status is %s after %#', (status, events) => {
    expect([...fold(events.map((event, offset) => ({ event, offset }))).values()]).toMatchObject([{ status }]);
  });

  test('given two ends, then the one with the lower offset wins, whichever is read first', () => {
    const ends = [
      { event: success, offset: 8 },
      { event: failure, offset: 9 },
    ];

    expect(fold(ends).get(4)?.status).toBe('SUCCESS');
    expect(fold(ends.toReversed()).get(4)?.status).toBe('SUCCESS');
  });

  test('given two progresses, then the newer one is kept', () => {
    const newer = eventIn('tasks.progressed', { ...progressFields, fraction: 0.75 });
    const both = [
      { event: newer, offset: 9 },
      { event: progress, offset: 8 },
    ];

    expect(fold(both).get(4)?.progressed?.fraction).toBe(0.75);
    expect(fold(both.toReversed()).get(4)?.progressed?.fraction).toBe(0.75);
  });

  test('given a request in both topics, then each has its slot, the time to run counts for retention, and the type is there once either is', () => {
    const copy = eventIn('tasks.requested', scheduled.data);
    const both = [
      { event: scheduled, offset: 90 },
      { event: copy, offset: 2 },
    ];
    for (const events of [both, both.toReversed()])
      expect(fold(events).get(4)).toMatchObject({
        status: 'PENDING',
        created_at: new Date(1_795_000_000_000),
        kept_from: new Date(runAtMs),
        type: 'prime',
        run_at: new Date(runAtMs),
        scheduled: { offset: 90, event_id: 'request-4' },
        requested: { offset: 2, event_id: 'request-4' },
      });
    expect(evolve(undefined, scheduled, 90)).toMatchObject({ type: 'prime', run_at: new Date(runAtMs) });
  });

  test('given different requests in both topics, then the derived fields are those of tasks.requested alone', () => {
    const other = eventIn('tasks.scheduled', {
      ...scheduled.data,
      event_id: 'other',
      client: 'other',
      tags: ['other'],
      requested_at: 1_794_000_000_000,
    });
    const events = [other, request].map((event) => ({ event, offset: 1 }));

    expect(fold(events).get(4)).not.toHaveProperty('client');
    expect(fold(events).get(4)).toMatchObject({
      created_at: new Date(1_795_000_000_000),
      kept_from: new Date(runAtMs),
      scheduled: { client: 'other' },
    });
    expect(fold(events).get(4)).not.toHaveProperty('run_at');
  });

  test('given all optional fields of a request, then those for queries are above the slots, and the others in its slot', () => {
    const optional = {
      timeout_ms: 500,
      client: 'shop',
      tags: ['b', 'a'],
      search: [{ name: 'customer.id', value: '7' }],
      origin_id: 2 ** 40,
      run_at: runAtMs,
      expires_at: runAtMs + 1,
      priority: -1,
      payload_schema_hash: 'abc',
      include_result: false,
    };
    const document = evolve(undefined, eventIn('tasks.requested', { ...requestFields, ...optional }), 7);
    expect(JSON.stringify(document)).toBe(
      JSON.stringify({
        _id: 4,
        status: 'PENDING',
        created_at: new Date(1_795_000_000_000),
        kept_from: new Date(runAtMs),
        type: 'prime',
        client: 'shop',
        tags: ['b', 'a'],
        search: ['customer.id=7'],
        origin_id: 2 ** 40,
        run_at: new Date(runAtMs),
        requested: {
          offset: 7,
          ...requestFields,
          task_id: undefined,
          requested_at: new Date(1_795_000_000_000),
          ...optional,
          search: ['customer.id=7'],
          run_at: new Date(runAtMs),
          expires_at: new Date(runAtMs + 1),
        },
      }),
    );
  });

  test('given an erasure, then nothing else is left, whatever was read before it and is read after it', () => {
    const erasure = eventIn('tasks.erased', {
      event_id: 'erasure-4',
      task_id: 4,
      requested_at: 1_795_000_000_000,
      erased_at: 1_795_000_100_000,
    });
    const events = [request, start, success, erasure].map((event, offset) => ({ event, offset }));

    for (const order of permutations(events))
      expect(fold(order).get(4)).toEqual({
        _id: 4,
        status: 'ERASED',
        created_at: new Date(1_795_000_000_000),
        kept_from: new Date(1_795_000_100_000),
        erased: {
          offset: 3,
          event_id: 'erasure-4',
          requested_at: new Date(1_795_000_000_000),
          erased_at: new Date(1_795_000_100_000),
        },
      });
  });

  test('given six events, then each of their 720 orders gives the same bytes', () => {
    const log = [request, start, success, secondStart, attemptFailed, request];
    const events = log.map((event, offset) => ({ event, offset }));

    const results = new Set([...permutations(events)].map((order) => bytesOf(fold(order)).join()));

    expect(results.size).toBe(1);
  });

  test('any events in any order with any repetition give the bytes that the log in order gives', () => {
    expectOneDocumentInAnyOrder(evolve);
  });

  test.each<[string, Fold]>([
    ['lets the last event win', (document, event) => evolve(document, event, -Math.random())],
    ['keeps the order of arrival', (document, event, offset) => ({ ...document, ...evolve(undefined, event, offset) })],
  ])('the check of order and repetition catches a fold that %s', (_fault, faulty) => {
    expect(() => expectOneDocumentInAnyOrder(faulty)).toThrow(/Property failed/);
  });

  test('the merge of two parts is what all of their events make', () => {
    const parts = taskLog.chain((log) =>
      fc.record({ log: fc.constant(log), some: fc.subarray(log), others: fc.subarray(log) }),
    );
    fc.assert(
      fc.property(parts, ({ some, others }) => {
        const [one, other] = [fold(some), fold(others)];
        const merged = new Map(one);
        for (const [id, document] of other) merged.set(id, merge(one.get(id), document));

        expect(bytesOf(merged)).toEqual(bytesOf(fold([...some, ...others])));
      }),
    );
  });
});

describe('folding batches', () => {
  test('given any events in any order, cut into any batches, then the merged batches are what the log in order makes', () => {
    const batchesOfALog = taskLog.chain((log) =>
      fc.record({ log: fc.constant(log), batches: inAnyOrder(log).chain(inBatches) }),
    );
    fc.assert(
      fc.property(batchesOfALog, ({ log, batches }) => {
        const stored = new Map<number, TaskDocument>();
        for (const batch of batches)
          for (const [id, document] of foldBatch(batch)) stored.set(id, merge(stored.get(id), document));

        const model = modelOf(log);
        expect(new Set(stored.keys())).toEqual(new Set(model.keys()));
        for (const [id, document] of stored)
          expect(Buffer.compare(BSON.serialize(document), BSON.serialize(model.get(id)!))).toBe(0);
      }),
      { numRuns: 200 },
    );
  });

  test('a task costs one document however many of its events are in the batch', () => {
    fc.assert(
      fc.property(taskLog, (log) => {
        expect(foldBatch([...log, ...log]).size).toBe(new Set(log.map(({ event }) => event.data.task_id)).size);
      }),
    );
  });
});

function* permutations<T>(items: readonly T[]): Generator<T[]> {
  if (items.length === 0) yield [];
  for (const [index, item] of items.entries())
    for (const rest of permutations(items.toSpliced(index, 1))) yield [item, ...rest];
}
