import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { avroSchemas, topics, type EventName, type EventTopicName } from '@nask/schemas';
import { testServers } from '@nask/testkit';
import avro from 'avsc';
import { deferralHeaders } from './deferral/deferral.rules.ts';
import { ExecutorProcesses, ownTypes } from './fixtures/executor-processes.ts';

jest.setTimeout(60_000);

const released = join(import.meta.dirname, '..', '..', '..', 'schemas', 'released', '0.1');
const schemaTextOf = (event: EventName) => readFileSync(join(released, `${event}.avsc`), 'utf8');
const typeOf01 = (event: EventName) => avro.Type.forSchema(JSON.parse(schemaTextOf(event)) as avro.Schema);

/** Magic byte and schema id of a value in the registry's wire format. */
const wireHeaderBytes = 5;

/** Registers a schema of 0.1 and returns what a value begins with that is written with it. */
async function wireHeaderOf(event: EventName, subject: string): Promise<Buffer> {
  const response = await fetch(`${testServers().registryUrl}/subjects/${subject}/versions`, {
    method: 'POST',
    headers: { 'content-type': 'application/vnd.schemaregistry.v1+json' },
    body: JSON.stringify({ schema: schemaTextOf(event) }),
  });
  const header = Buffer.alloc(wireHeaderBytes);
  header.writeInt32BE(((await response.json()) as { id: number }).id, 1);
  return header;
}

/** During an upgrade gateways and executors of 0.1 write to the topics that this executor reads, and read its events. */
describe('an executor beside gateways and executors of 0.1', () => {
  const executors = new ExecutorProcesses('versions', { TASK_TYPES_FOLDER: ownTypes });

  /** Writes an event as a service of 0.1 does. */
  async function write(
    topic: 'tasks.requested' | 'tasks.started' | 'tasks.attempt-failed',
    event: { task_id: number },
    copy: { topic?: string; headers?: Record<string, string> } = {},
  ): Promise<void> {
    const { event: name } = topics[topic];
    const header = await wireHeaderOf(name, `${executors.isolation.topicPrefix}${topic}-value`);
    const value = Buffer.concat([header, typeOf01(name).toBuffer(event)]);
    await executors.log.producer.send({ topic, key: String(event.task_id), value, ...copy });
  }

  /** An event that requests a task, with the fields of 0.1. */
  function request(type: string, payload: object) {
    executors.lastId += 1;
    const event = { event_id: randomUUID(), task_id: executors.lastId, type, payload: JSON.stringify(payload) };
    return { ...event, notify_url: null, requested_at: Date.now(), timeout_ms: null };
  }

  /** The events of a task as a service of 0.1 reads them. */
  async function readBy01(topic: EventTopicName, id: number): Promise<object[]> {
    const event: EventName = topics[topic].event;
    const earlier = typeOf01(event);
    const resolver = earlier.createResolver(avro.Type.forSchema(avroSchemas[event]));
    const records = await executors.recordsOf(topic, id);
    return records.map(
      ({ value }) => ({ ...earlier.fromBuffer(value!.subarray(wireHeaderBytes), resolver) }) as object,
    );
  }

  const tiny = request('prime', { input: 100 });
  const failing = request('fetch-nowhere', {});
  const begun = request('sleep', { input: 60 });
  const startedAtMs = Date.now() - 59_000;
  const retried = request('flaky', { attempts: 2 });
  const deferred = request('prime', { input: 10 });

  beforeAll(async () => {
    await executors.open();
    for (const event of [tiny, failing, begun, retried]) await write('tasks.requested', event);
    const attempt = { event_id: randomUUID(), attempt: 1, executor: 'executor-0.1' };
    const start = { ...attempt, started_at: startedAtMs, crashes: 0, trial: 0 };
    await write('tasks.started', { ...start, task_id: begun.task_id });
    await write('tasks.started', { ...start, task_id: retried.task_id });
    await write('tasks.attempt-failed', {
      ...attempt,
      task_id: retried.task_id,
      error: { code: 'flaky', message: 'attempt 1 of 2' },
      failed_at: startedAtMs,
      next_attempt_at: startedAtMs,
    } as { task_id: number });
    const times = { sinceMs: Date.now(), dueMs: Date.now() };
    await write('tasks.requested', deferred, { topic: 'tasks.deferred', headers: deferralHeaders(times) });
    await executors.spawn('executor-a');
  });
  afterAll(() => executors.close());

  test('given a request of 0.1, then the task runs, with the defaults of the fields that it lacks', async () => {
    const end = await executors.ended(tiny.task_id, 'SUCCESS');
    expect(end).toMatchObject({ result: '541', error: null, include_result: true, run_at: null });
    expect(await executors.startsOf(tiny.task_id)).toMatchObject([{ attempt: 1, taken_at: expect.any(Number) }]);
  });

  test('given a task that an executor of 0.1 began, then it goes on: same attempt, same beginning', async () => {
    const end = await executors.ended(begun.task_id, 'SUCCESS');
    expect(end).toMatchObject({ attempt: 1, started_at: startedAtMs, executor: 'executor-a' });
    const starts = await executors.startsOf(begun.task_id);
    expect(starts).toMatchObject([{ taken_at: null }, { taken_at: expect.any(Number), started_at: startedAtMs }]);
  });

  test('given an attempt that failed in an executor of 0.1, then the next attempt follows', async () => {
    expect(await executors.ended(retried.task_id, 'SUCCESS')).toMatchObject({ attempt: 2, result: '2' });
    expect(await executors.eventsOf('tasks.attempt-failed', retried.task_id)).toMatchObject([
      { error: { causes: [] } },
    ]);
  });

  test('given a task that an executor of 0.1 deferred, then it comes back with its bytes and runs', async () => {
    await executors.ended(deferred.task_id, 'SUCCESS');
    const [original] = await executors.recordsOf('tasks.deferred', deferred.task_id);
    expect(await executors.recordsOf('tasks.requested', deferred.task_id)).toMatchObject([{ value: original!.value }]);
  });

  test('given the events of this executor, then 0.1 reads them, without the fields that it does not know', async () => {
    const end = await executors.ended(failing.task_id, 'FAILURE');
    const { include_result, run_at, error, ...known } = end;
    expect([include_result, run_at]).toEqual([true, null]);
    const { causes, ...earlierError } = error!;
    expect(causes).not.toEqual([]);
    expect(await readBy01('tasks.completed', failing.task_id)).toEqual([{ ...known, error: earlierError }]);
    const [start] = await executors.startsOf(failing.task_id);
    const { taken_at: _, ...earlierStart } = start!;
    expect(await readBy01('tasks.started', failing.task_id)).toEqual([earlierStart]);
  });
});
