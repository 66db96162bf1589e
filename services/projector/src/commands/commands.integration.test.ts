import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { connectKafka, deleteGroup } from '@nask/kafka';
import { collectionsOf, type TaskDocument, type TaskEventDocument } from '@nask/schemas';
import { createLogger } from '@nask/service';
import { createEventCodec } from '@nask/task-log';
import { eventually, isolate, serviceEnv, spawnService, testServers, type ServiceUnderTest } from '@nask/testkit';
import { MongoClient } from 'mongodb';
import { openEventLog, type EventLog } from '../fixtures/event-log.ts';
import { eventsOfTask, shuffled } from '../fixtures/task-events.ts';
import { createCheckpoints } from '../positions/checkpoints.ts';
import { createGenerations } from '../read-model/generations.ts';
import { rebuild } from '../rebuild/rebuild.ts';
import { verify } from '../verify/verify.ts';
import { CommandError, openLogState, type CommandContext } from './context.ts';
import { drop } from './drop.ts';

/** The commands, beside a projector as a process. */
const servers = testServers();
const isolation = isolate('commands');
const { topicPrefix } = isolation;
const logger = createLogger({ service: 'test', level: 'silent' });
const connection = connectKafka({ brokers: servers.brokers, clientId: 'test', topicPrefix, logger });
const codec = createEventCodec({ registryUrl: servers.registryUrl, topicPrefix, logger });
const client = new MongoClient(servers.mongoUrl);
const db = client.db(isolation.database);
const generations = createGenerations(db);
let log: EventLog;
let projector: ServiceUnderTest;
let lastTaskId = 0;
let printed: string[] = [];
beforeEach(() => void (printed = []));

beforeAll(async () => {
  log = await openEventLog(servers, isolation);
  await codec.start();
  await writeSome(60);
  projector = await spawnService('projector', serviceEnv(isolation, servers));
}, 60_000);
afterAll(async () => {
  await projector.close();
  await log.close();
  await db.dropDatabase();
  await client.close();
}, 60_000);

function context(signal: AbortSignal = new AbortController().signal): CommandContext {
  const bounds = { maxBatchEvents: 20, maxBatchBytes: 1_000_000, retentionMs: 86_400_000 };
  const print = (line: string) => void printed.push(line);
  return { connection, codec, db, topicPrefix, ...bounds, logger, signal, print, progress: () => undefined };
}

const live = async () => db.collection<TaskDocument>(collectionsOf(await generations.live()).tasks);

async function writeSome(taskCount: number): Promise<void> {
  await log.write(shuffled(Array.from({ length: taskCount }, () => eventsOfTask((lastTaskId += 1))).flat()));
}

async function topicEnds(): Promise<unknown> {
  const state = openLogState(connection);
  const ends = await state.look(createCheckpoints(db, 'none'));
  await state.stop();
  return ends.map(({ id, logEnd }) => [id, logEnd]);
}

describe('verify', () => {
  test('given documents that are changed, missing, or nobody’s, then it names them, in as many passes as it takes', async () => {
    expect((await verify(context())).differences).toBe(0);
    const tasks = await live();
    const missing = (await tasks.findOneAndDelete({ _id: 2 }))!;
    const changed = (await tasks.findOneAndUpdate({ _id: 5 }, { $set: { status: 'RETRY' } }))!;
    const requested = { ...changed.requested!, offset: 0 };
    await tasks.insertOne({ _id: 9_999, status: 'PENDING', created_at: new Date(), type: 'prime', requested });

    const { differences } = await verify(context(), { maxTasks: 30 });

    expect(differences).toBe(3);
    expect(printed.flatMap((line) => /^Task (\d+)/.exec(line)?.[1] ?? []).map(Number)).toEqual([2, 5, 9_999]);
    await tasks.insertOne(missing);
    await tasks.replaceOne({ _id: 5 }, changed);
    await tasks.deleteOne({ _id: 9_999 });
    expect((await verify(context())).differences).toBe(0);
  }, 30_000);

  test('given a history with an event that is missing, one too many, or altered, then it names it', async () => {
    const events = db.collection<TaskEventDocument>(collectionsOf(await generations.live()).taskEvents);
    const requestOf = async (task_id: number) => (await events.findOne({ task_id, topic: 'tasks.requested' }))!;
    const [missing, altered, copied] = [await requestOf(3), await requestOf(4), await requestOf(6)];
    const surplus = { ...copied, _id: '6/tasks.progressed', topic: 'tasks.progressed', offset: -1 };
    await events.deleteOne({ _id: missing._id });
    await events.updateOne({ _id: altered._id }, { $set: { 'data.type': 'sleep' } });
    await events.insertOne(surplus);
    await events.insertOne({ ...copied, _id: 'nobody', task_id: 9_998 });

    const { differences } = await verify(context(), { maxTasks: 30 });

    expect(differences).toBe(3);
    const told = printed.filter((line) => line.startsWith('History of task')).map((line) => line.split('\n'));
    expect(told).toEqual([
      [
        'History of task 3',
        `  tasks.requested, offset ${missing.offset}`,
        '    read model: nothing',
        expect.stringContaining('log:        an event with checksum'),
      ],
      [
        'History of task 4',
        `  tasks.requested, offset ${altered.offset}`,
        expect.stringMatching(/read model: .*"type":"sleep".* checksum/),
        expect.stringContaining('log:        an event with checksum'),
      ],
      [
        'History of task 6',
        '  tasks.progressed, offset -1',
        expect.stringContaining('read model: {"_id":"6/tasks.progressed"'),
        '    log:        nothing',
      ],
    ]);
    await events.insertOne(missing);
    await events.replaceOne({ _id: altered._id }, altered);
    await events.deleteMany({ _id: { $in: [surplus._id, 'nobody'] } });
    expect((await verify(context())).differences).toBe(0);
  }, 30_000);

  test('given a read model that does not come to where the log is, then it says so', async () => {
    const { checkpoints } = collectionsOf(await generations.live());
    const [one] = await db
      .collection<{ _id: string; next_offset: number }>(checkpoints)
      .find({ next_offset: { $gt: 0 } })
      .toArray();
    await projector.stop();
    await db.collection<{ _id: string }>(checkpoints).updateOne({ _id: one!._id }, { $set: { next_offset: 0 } });
    await expect(verify(context(), { waitMs: 10 })).rejects.toThrow(CommandError);
    await projector.start();
    await eventually(() => verify(context(), { waitMs: 10 }));
  }, 60_000);
});

describe('rebuild', () => {
  test('given it is interrupted, then the next one goes on with the same generation', async () => {
    const stop = new AbortController();
    const interrupted = rebuild(context(stop.signal), { intervalMs: 20 });
    await eventually(async () =>
      expect((await generations.list()).map(({ role }) => role)).toEqual(['live', 'building']),
    );
    stop.abort();
    await interrupted;
    expect(await generations.live()).toBe(1);
  }, 60_000);

  test('makes the same documents in a new generation, which the projector then keeps current, and writes no record', async () => {
    await log.writeRecord({ topic: 'tasks.completed', key: '1', value: Buffer.from('garbage') });
    await eventually(async () => expect(await log.deadLetters()).toHaveLength(1));
    const before = await topicEnds();

    const rebuilding = rebuild(context(), { intervalMs: 50, overlapMs: 4_000 });
    await eventually(async () => expect(await generations.live()).toBe(2));
    expect(await topicEnds()).toEqual(before);
    await rebuilding;
    expect(await deleteGroup(connection, `${topicPrefix}projector-rebuild-v2-2`)).toBe('absent');
    expect(printed.join('\n')).toContain('1 records could not be projected');
    expect(await log.deadLetters()).toHaveLength(1);

    await writeSome(20);
    expect(await verify(context())).toEqual({ tasks: lastTaskId, differences: 0, changing: 0 });
    expect(printed.at(-1)).toMatch(/^Generation 2/);
  }, 60_000);

  test('keeps the old generation until it is dropped, and never drops the live one', async () => {
    await drop(context(), undefined);
    expect(printed).toEqual(['1 old', '2 live']);
    await expect(drop(context(), '2')).rejects.toThrow('generation 2 is the live one');
    await expect(drop(context(), '7')).rejects.toThrow('There is no generation 7. There are: 1, 2');
    await drop(context(), '1');
    expect(await generations.list()).toEqual([{ generation: 2, role: 'live' }]);
  });
});
