import { afterAll, beforeEach, describe, expect, test } from '@jest/globals';
import { type ConsumedRecord } from '@nask/kafka';
import {
  checkpointsCollection,
  taskEventsCollection,
  tasksCollection,
  type CheckpointDocument,
  type TaskDocument,
  type TaskEventDocument,
} from '@nask/schemas';
import { createMetrics } from '@nask/service';
import { RegistryUnreachableError, UndecodableError } from '@nask/task-log';
import { isolate, testServers } from '@nask/testkit';
import { MongoClient } from 'mongodb';
import { eventIn } from './fixtures/task-events.ts';
import { createProjectorMetrics } from './metrics.ts';
import { createBatchHandler, type WriteDeadLetter } from './on-events.ts';
import { createCheckpoints } from './positions/checkpoints.ts';
import { createDocumentStore } from './read-model/document-store.ts';
import { createHistoryStore } from './read-model/history-store.ts';

const client = new MongoClient(testServers().mongoUrl);
const db = client.db(isolate('projection').database);
const tasks = db.collection<TaskDocument>(tasksCollection);
const checkpoints = db.collection<CheckpointDocument>(checkpointsCollection);

const history = db.collection<TaskEventDocument>(taskEventsCollection);

beforeEach(() => Promise.all([tasks, history, checkpoints].map((collection) => collection.deleteMany({}))));
afterAll(async () => {
  await db.dropDatabase();
  await client.close();
});

/** Events as JSON: how they are encoded is the codec's business, and tested with it. */
const codec = {
  decode(_topic: string, value: Buffer | null) {
    const text = String(value);
    if (text === 'garbage') throw new UndecodableError('not an event');
    if (text === 'unknown schema') return Promise.reject(new RegistryUnreachableError('the registry is away'));
    return JSON.parse(text);
  },
};

function openHandler(retentionMs = Infinity) {
  const registry = createMetrics('test');
  const project = createBatchHandler({
    codec,
    documents: createDocumentStore(db, tasksCollection),
    history: createHistoryStore(db, taskEventsCollection),
    checkpoints: createCheckpoints(db, checkpointsCollection),
    metrics: createProjectorMetrics(registry),
    retentionMs,
  });
  const deadLetters: string[] = [];
  const writeDeadLetter: WriteDeadLetter = async ({ offset }, reason) => void deadLetters.push(`${offset}: ${reason}`);
  return { project, deadLetters, writeDeadLetter, registry };
}

function record(offset: number, value: string, key = '1', topic = 'tasks.requested'): ConsumedRecord {
  return {
    topic,
    partition: 2,
    offset,
    key,
    value: Buffer.from(value),
    headers: {},
    timestampMs: 0,
  };
}

function scheduledOrRequested(
  topic: 'tasks.scheduled' | 'tasks.requested',
  offset: number,
  id: number,
  eventId: string,
): ConsumedRecord {
  const { data } = eventIn(topic, { event_id: eventId, task_id: id, type: 'sleep', payload: '{}', requested_at: 0 });
  return record(offset, JSON.stringify(data), String(id), topic);
}

function request(offset: number, id: number, eventId: string): ConsumedRecord {
  return scheduledOrRequested('tasks.requested', offset, id, eventId);
}

const checkpoint = async () => (await checkpoints.findOne({ _id: 'tasks.requested/2' }))?.next_offset;
const taskIds = async () => (await tasks.find({}, { sort: { _id: 1 } }).toArray()).map(({ _id }) => _id);

function erasure(offset: number, id: number): ConsumedRecord {
  const { data } = eventIn('tasks.erased', { event_id: `erasure-${id}`, task_id: id, requested_at: 0, erased_at: 1 });
  return record(offset, JSON.stringify(data), String(id), 'tasks.erased');
}

describe('an erasure', () => {
  const historyOf = async (id: number) => history.countDocuments({ task_id: id });

  test.each([
    ['after', [[request(0, 1, 'one'), request(1, 2, 'two')], [erasure(0, 1)]]],
    ['before', [[erasure(0, 1)], [request(0, 1, 'one'), request(1, 2, 'two')]]],
    ['with', [[request(0, 1, 'one'), erasure(0, 1), request(1, 2, 'two')]]],
    [
      'and once more after',
      [
        [request(0, 1, 'one'), erasure(0, 1)],
        [request(0, 1, 'one'), request(1, 2, 'two')],
      ],
    ],
  ])('that is read %s the other events leaves a stub and no history', async (_when, batches) => {
    const { project, deadLetters, writeDeadLetter } = openHandler();
    for (const batch of batches) await project(batch, writeDeadLetter);

    expect(await tasks.findOne({ _id: 1 })).toEqual({
      _id: 1,
      status: 'ERASED',
      created_at: new Date(0),
      kept_from: new Date(1),
      erased: { offset: 0, event_id: 'erasure-1', requested_at: new Date(0), erased_at: new Date(1) },
    });
    expect([await historyOf(1), await historyOf(2), deadLetters]).toEqual([0, 1, []]);
  });

  test.each([
    ['live', Infinity],
    ['rebuilt after the retention of the time that the erasure has', 60_000],
  ])('that has an earlier time than its request erases it in a read model that is %s', async (_when, retentionMs) => {
    const { project, writeDeadLetter } = openHandler(retentionMs);
    const nowMs = Date.now();
    const inTime = { ...JSON.parse(String(request(0, 1, 'one').value)), requested_at: nowMs - 30_000 };
    const early = { ...JSON.parse(String(erasure(0, 1).value)), requested_at: nowMs - 90_000, erased_at: nowMs };
    await project([record(0, JSON.stringify(inTime))], writeDeadLetter);
    await project([record(0, JSON.stringify(early), '1', 'tasks.erased')], writeDeadLetter);

    expect(await tasks.findOne({ _id: 1 })).toMatchObject({ status: 'ERASED', kept_from: new Date(nowMs) });
    expect(await historyOf(1)).toBe(0);
  });
});

describe('a task that was accepted longer ago than the read model keeps tasks', () => {
  test('is left out, also as a dead letter; what is in time is not', async () => {
    const { project, deadLetters, writeDeadLetter } = openHandler(60_000);
    const inTime = { ...JSON.parse(String(request(1, 2, 'two').value)), requested_at: Date.now() };
    await project([request(0, 1, 'one'), record(1, JSON.stringify(inTime), '2')], writeDeadLetter);
    expect([await taskIds(), await checkpoint(), deadLetters]).toEqual([[2], 2, []]);
  });
});

describe('a batch', () => {
  test('given records that are no events among others, then they are dead letters and the rest goes on', async () => {
    const { project, deadLetters, writeDeadLetter, registry } = openHandler();

    await project(
      [request(4, 1, 'one'), record(5, 'garbage'), request(6, 2, 'two'), request(7, 3, 'x')],
      writeDeadLetter,
    );
    await project([record(8, request(0, 4, 'four').value!.toString(), '5'), record(9, 'garbage')], writeDeadLetter);

    expect(await taskIds()).toEqual([1, 2, 3]);
    expect(deadLetters).toEqual([
      '5: not an event',
      '8: the record\'s key is "5", its task_id is 4',
      '9: not an event',
    ]);
    expect(await checkpoint()).toBe(10);
    const metrics = await registry.metrics();
    expect(metrics).toMatch(/projector_refused_total\{topic="tasks.requested",kind="undecodable".*\} 2/);
    expect(metrics).toMatch(/projector_refused_total\{topic="tasks.requested",kind="impossible".*\} 1/);
    expect(metrics).toMatch(/projector_events_total\{topic="tasks.requested".*\} 3/);
  });

  test('given a request whose id belongs to another one, then the first keeps it and the other is a dead letter', async () => {
    const { project, deadLetters, writeDeadLetter } = openHandler();
    const conflict = (offset: number, id: number, owner: string) =>
      `${offset}: task id ${id} belongs to the request with event_id ${owner}`;

    await project([request(0, 1, 'one'), request(1, 1, 'other'), request(2, 2, 'two')], writeDeadLetter);
    expect(deadLetters).toEqual([conflict(1, 1, 'one')]);

    await project([request(3, 2, 'other'), request(4, 1, 'one'), request(5, 3, 'three')], writeDeadLetter);
    expect(deadLetters).toEqual([conflict(1, 1, 'one'), conflict(3, 2, 'two')]);
    expect((await tasks.find({}, { sort: { _id: 1 } }).toArray()).map(({ requested }) => requested?.event_id)).toEqual([
      'one',
      'two',
      'three',
    ]);
    expect(await checkpoint()).toBe(6);
  });

  test('given a request that waited for its time, then its copy is no dead letter, and another request of its id is', async () => {
    const { project, deadLetters, writeDeadLetter } = openHandler();
    await project([scheduledOrRequested('tasks.scheduled', 0, 1, 'one')], writeDeadLetter);
    await project([request(0, 1, 'one')], writeDeadLetter);
    expect(deadLetters).toEqual([]);

    await project([request(1, 1, 'other')], writeDeadLetter);
    await project([scheduledOrRequested('tasks.scheduled', 1, 1, 'other')], writeDeadLetter);
    expect(deadLetters).toEqual(Array(2).fill('1: task id 1 belongs to the request with event_id one'));
    expect(await tasks.findOne({ _id: 1 })).toMatchObject({
      type: 'sleep',
      scheduled: { event_id: 'one' },
      requested: { event_id: 'one' },
    });
  });

  test('given dead letters that cannot be written, then the checkpoint waits; done again, each is written once', async () => {
    const { project, deadLetters, writeDeadLetter } = openHandler();
    const batch = [request(0, 1, 'one'), record(1, 'garbage'), record(2, 'garbage')];
    let full = true;
    const unsteady: WriteDeadLetter = async (refused, reason) => {
      if (full && refused.offset === 2) throw new Error('Kafka is away');
      await writeDeadLetter(refused, reason);
    };

    await expect(project(batch, unsteady)).rejects.toThrow('Kafka is away');
    expect([await taskIds(), await checkpoint()]).toEqual([[1], undefined]);

    full = false;
    await project(batch, unsteady);
    expect([await checkpoint(), deadLetters]).toEqual([3, ['1: not an event', '2: not an event']]);
  });

  test('given a schema that the registry cannot be asked for, then nothing is written and the batch is refused', async () => {
    const { project, deadLetters, writeDeadLetter } = openHandler();

    await expect(project([request(0, 1, 'one'), record(1, 'unknown schema')], writeDeadLetter)).rejects.toThrow(
      RegistryUnreachableError,
    );
    expect([await taskIds(), await checkpoint(), deadLetters]).toEqual([[], undefined, []]);
  });
});
