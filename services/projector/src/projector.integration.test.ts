import { randomInt } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { connectKafka } from '@nask/kafka';
import {
  collectionsOf,
  firstGeneration,
  projectionLagCollection,
  readModelCollection,
  readModelId,
  topicsReadBy,
  type CheckpointDocument,
  type ProjectionLagDocument,
  type TaskEventDocument,
  type TaskDocument,
} from '@nask/schemas';
import { createLogger } from '@nask/service';
import { createEventCodec } from '@nask/task-log';
import {
  eventually,
  isolate,
  serviceEnv,
  spawnService,
  startOwnStore,
  testServers,
  type OwnServer,
  type ServiceUnderTest,
} from '@nask/testkit';
import { BSON, MongoClient, type Document } from 'mongodb';
import { recreateTopic } from '../../../packages/kafka/testing/topics.ts';
import type { CommandContext } from './commands/context.ts';
import { evolve } from './events/evolve.ts';
import { openEventLog, type EventLog } from './fixtures/event-log.ts';
import { eventsOfTask, requestOf, shuffled } from './fixtures/task-events.ts';
import { modelOf } from './fixtures/task-log.ts';
import { rebuild } from './rebuild/rebuild.ts';
import { verify } from './verify/verify.ts';

const made = collectionsOf(firstGeneration);

/** A projector as a process, with its own topics, store and read model. */
describe('the projector, as a process', () => {
  const isolation = isolate('projector');
  let log: EventLog;
  let store: OwnServer;
  let client: MongoClient;
  let projector: ServiceUnderTest;
  let lastTaskId = 0;

  beforeAll(async () => {
    [log, store] = await Promise.all([openEventLog(testServers(), isolation), startOwnStore()]);
    client = new MongoClient(store.address, { serverSelectionTimeoutMS: 2_000 });
    projector = await spawnService('projector', {
      ...serviceEnv(isolation, { ...testServers(), mongoUrl: store.address }),
      // The group waits so long for a member that was killed.
      KAFKA_SESSION_TIMEOUT_MS: '6000',
    });
  }, 90_000);
  afterAll(async () => {
    await projector.close();
    await Promise.all([log.close(), client.close()]);
    await store.close();
  }, 60_000);

  const read = <T extends Document>(collection: string) =>
    client.db(isolation.database).collection<T>(collection).find().toArray();

  const tasks = () => client.db(isolation.database).collection<TaskDocument>(made.tasks);

  async function checkpoints(): Promise<Map<string, number>> {
    const collection = client.db(isolation.database).collection<CheckpointDocument>(made.checkpoints);
    return new Map((await collection.find().toArray()).map(({ _id, next_offset }) => [_id, next_offset]));
  }

  const projected = async () => [...(await checkpoints()).values()].reduce((sum, offset) => sum + offset, 0);

  /** Events of new tasks, in any order, some of them more than once. */
  function someEvents(taskCount: number) {
    const events = Array.from({ length: taskCount }, () => eventsOfTask((lastTaskId += 1))).flat();
    return shuffled(events.flatMap((event) => Array.from({ length: randomInt(5) === 0 ? 2 : 1 }, () => event)));
  }

  async function expectAllProjected(): Promise<void> {
    await eventually(async () =>
      expect(await checkpoints()).toEqual(new Map([...(await checkpoints()), ...log.ends()])),
    );
    const model = modelOf(log.written.toSorted((one, other) => one.offset - other.offset));
    const documents = await tasks().find().toArray();
    expect(hexById(documents)).toEqual(hexById([...model.values()]));
    const history = await read<TaskEventDocument>(made.taskEvents);
    expect(history.map(({ _id }) => _id).toSorted()).toEqual(
      log.written.map(({ event, topic, offset }) => `${event.data.task_id}/${topic}/${offset}`).toSorted(),
    );
  }

  const logger = createLogger({ service: 'test', level: 'silent' });
  const { topicPrefix } = isolation;
  const { brokers, registryUrl } = testServers();
  const connection = connectKafka({ brokers, clientId: 'test', topicPrefix, logger });

  function commandContext(): CommandContext {
    return {
      connection,
      codec: createEventCodec({ registryUrl, topicPrefix, logger }),
      db: client.db(isolation.database),
      topicPrefix,
      retentionMs: 86_400_000,
      maxBatchEvents: 100,
      maxBatchBytes: 1_000_000,
      logger,
      signal: new AbortController().signal,
      print: () => undefined,
      progress: () => undefined,
    };
  }

  /** Everything below a checkpoint is in the documents: to project it again would change nothing. */
  async function expectNoCheckpointAheadOfDocuments(): Promise<void> {
    const reached = await checkpoints();
    const documents = new Map((await tasks().find().toArray()).map((document) => [document._id, document]));
    const missing = log.written.filter(({ event, topic, partition, offset }) => {
      if (offset >= (reached.get(`${topic}/${partition}`) ?? 0)) return false;
      const document = documents.get(event.data.task_id);
      return !isDeepStrictEqual(evolve(document, event, offset), document);
    });
    expect(missing).toEqual([]);
  }

  async function readiness(): Promise<number> {
    return (await fetch(`${projector.opsUrl}/readyz`)).status;
  }

  async function whyNotReady(): Promise<string> {
    return (await fetch(`${projector.opsUrl}/readyz`)).text();
  }

  test('given topics with no record, then each partition has a checkpoint, and readers are sent to the read model', async () => {
    const partitions = 3;
    const expected = topicsReadBy('projector').length * partitions;
    await eventually(async () => expect((await checkpoints()).size).toBe(expected));
    expect([...new Set((await checkpoints()).values())]).toEqual([0]);
    await eventually(async () =>
      expect(await read(readModelCollection)).toEqual([
        { _id: readModelId, generation: 1, building: null, switched_at: expect.any(Date) },
      ]),
    );
  }, 60_000);

  test('given it is killed at random moments, then no checkpoint is ahead, and the documents are those of the log', async () => {
    for (let round = 0; round < 4; round += 1) {
      const before = await projected();
      const events = someEvents(60);
      const goal = before + randomInt(events.length);
      const writing = log.write(events);
      await eventually(async () => expect(await projected()).toBeGreaterThanOrEqual(goal), { intervalMs: 5 });
      await projector.kill();
      await writing;
      await expectNoCheckpointAheadOfDocuments();
      await projector.start();
    }
    await expectAllProjected();
    expect(await verify(commandContext())).toMatchObject({ differences: 0, changing: 0 });
  }, 120_000);

  test('given it has caught up, then the lag in the database says so of each partition', async () => {
    await eventually(async () => {
      const lag = await read<ProjectionLagDocument>(projectionLagCollection);
      expect(lag.map(({ events }) => events)).toEqual(Array.from({ length: (await checkpoints()).size }, () => 0));
    });
  });

  test('neither Node nor a library warns of anything in its log', () => {
    expect(
      projector
        .log()
        .split('\n')
        .filter((line) => line !== '' && !line.startsWith('{')),
    ).toEqual([]);
  });

  test('the check of checkpoints and documents notices a document that is missing', async () => {
    const document = (await tasks().findOneAndDelete({ requested: { $exists: true } }))!;
    await expect(expectNoCheckpointAheadOfDocuments()).rejects.toThrow(/tasks.requested/);
    await tasks().insertOne(document);
    await expectNoCheckpointAheadOfDocuments();
  });

  test('given records that cannot be projected, then they are dead letters with their reason, and the rest goes on', async () => {
    const request = requestOf((lastTaskId += 1));
    const key = String(lastTaskId);
    await log.write([{ topic: 'tasks.requested', data: request }]);
    await log.writeRecord({ topic: 'tasks.completed', key, value: Buffer.from('garbage'), headers: { note: 'mine' } });
    await log.writeRecord({ topic: 'tasks.started', key, value: Buffer.from([0, 255, 255, 255, 255, 1]) });
    await log.write([{ topic: 'tasks.requested', data: { ...request, event_id: 'another-request' } }]);

    await eventually(async () => expect(await log.deadLetters()).toHaveLength(3));
    const reasonByTopic = (await log.deadLetters()).map(({ headers }) => [
      headers['dead-letter-topic'],
      headers['dead-letter-reason'],
    ]);
    expect(Object.fromEntries(reasonByTopic)).toEqual({
      'tasks.completed': expect.stringContaining('not in the wire format'),
      'tasks.requested': expect.stringContaining(`task id ${key} belongs to the request with event_id`),
      'tasks.started': expect.stringContaining('Schema'),
    });
    await log.write(someEvents(5));
    await expectAllProjected();
  }, 60_000);

  test('given its database is killed, then it is not ready; when that is back, it catches up by itself', async () => {
    await store.kill();
    await log.write(someEvents(60));
    await eventually(async () => expect(await readiness()).toBe(503));

    await store.start();
    await expectAllProjected();
    await eventually(async () => expect(await readiness()).toBe(200));
  }, 120_000);

  test('given a read model from a backup, then it catches up from the checkpoints that are in it', async () => {
    await projector.stop();
    const collections = Object.values(made);
    const backup = new Map(await Promise.all(collections.map(async (name) => [name, await read(name)] as const)));
    await projector.start();
    await log.write(someEvents(30));
    await expectAllProjected();

    await projector.stop();
    await client.db(isolation.database).dropDatabase();
    for (const [name, documents] of backup) await client.db(isolation.database).collection(name).insertMany(documents);
    await projector.start();

    await expectAllProjected();
  }, 120_000);

  test('given a topic that is created anew and grows past its checkpoints, then nothing is projected before a rebuild', async () => {
    await recreateTopic(connection, 'tasks.requested', 3);
    const ids = Array.from({ length: 900 }, () => (lastTaskId += 1));
    await log.write(ids.map((id) => ({ topic: 'tasks.requested', data: requestOf(id) })));
    for (const [id, reached] of await checkpoints())
      if (id.startsWith('tasks.requested/')) expect(reached).toBeLessThan(log.ends().get(id)!);

    await eventually(async () =>
      expect(await whyNotReady()).toContain('tasks.requested was deleted and created again'),
    );
    await projector.kill();
    const ready = projector.start();
    await eventually(async () => expect(await whyNotReady()).toContain('is of a topic that was deleted'));
    expect(projector.log()).toContain('npm run projector -- rebuild');

    await rebuild(commandContext(), { intervalMs: 50, overlapMs: 0 });
    await ready;
    const stored = await read<TaskDocument>(collectionsOf(2).tasks);
    const requested = new Set(stored.flatMap((document) => (document.requested ? [document._id] : [])));
    expect(ids.filter((id) => !requested.has(id))).toEqual([]);
  }, 120_000);
});

function hexById(documents: readonly TaskDocument[]): Map<number, string> {
  const byId = documents.toSorted((one, other) => one._id - other._id);
  return new Map(byId.map((document) => [document._id, Buffer.from(BSON.serialize(document)).toString('hex')]));
}
