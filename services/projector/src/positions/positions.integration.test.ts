import { afterAll, beforeEach, describe, expect, test } from '@jest/globals';
import { checkpointsCollection, type CheckpointDocument } from '@nask/schemas';
import { isolate, testServers } from '@nask/testkit';
import { MongoClient } from 'mongodb';
import { createCheckpoints } from './checkpoints.ts';
import { AnotherLogError, createPositions } from './positions.ts';

const client = new MongoClient(testServers().mongoUrl);
const { database } = isolate('positions');
const db = client.db(database);
const collection = db.collection<CheckpointDocument>(checkpointsCollection);
const checkpoints = createCheckpoints(db, checkpointsCollection);

beforeEach(() => collection.deleteMany({}));
afterAll(async () => {
  await db.dropDatabase();
  await client.close();
});

const topic = 'tasks.requested';
const log = (partition: number, logStart: number, logEnd: number) => ({ topic, partition, logStart, logEnd });

/** What Kafka says of the topic; undefined: nothing. */
let topicId: string | undefined;
beforeEach(() => void (topicId = undefined));

async function stored(): Promise<Record<string, number>> {
  const documents = await collection.find({}, { sort: { _id: 1 } }).toArray();
  return Object.fromEntries(documents.map(({ _id, next_offset }) => [_id, next_offset]));
}

function openPositions() {
  const said: string[] = [];
  const say = (level: string) => (details: unknown) => void said.push(`${level} ${JSON.stringify(details)}`);
  const positions = createPositions({
    checkpoints,
    topicIds: { read: async () => new Map(topicId === undefined ? [] : [[topic, topicId]]) },
    where: { database },
    logger: { warn: say('warn'), error: say('error') },
  });
  return { positions, said };
}

describe('checkpoints', () => {
  test('move on, and never back, whoever writes last', async () => {
    await checkpoints.advance([{ topic, partition: 0, nextOffset: 7 }]);
    await Promise.all(
      [9, 3, 12, 5].map((nextOffset) =>
        checkpoints.advance([
          { topic, partition: 0, nextOffset },
          { topic, partition: 1, nextOffset: 1 },
        ]),
      ),
    ).catch(() => checkpoints.advance([{ topic, partition: 0, nextOffset: 12 }]));

    expect(await checkpoints.load([log(0, 0, 20), log(1, 0, 20), log(2, 0, 20)])).toEqual(
      new Map([
        ['tasks.requested/0', { nextOffset: 12 }],
        ['tasks.requested/1', { nextOffset: 1 }],
      ]),
    );
  });
});

describe('where the projector begins', () => {
  test('given no checkpoints, then at the log’s start, and each partition has one, also those with an empty log', async () => {
    const { positions, said } = openPositions();

    expect(await positions.load([log(0, 0, 0), log(1, 40, 90), log(2, 50, 50)])).toEqual(
      new Map([
        ['tasks.requested/0', 0],
        ['tasks.requested/1', 40],
        ['tasks.requested/2', 50],
      ]),
    );
    expect(await stored()).toEqual({ 'tasks.requested/0': 0, 'tasks.requested/1': 40, 'tasks.requested/2': 50 });
    expect(said).toEqual([]);
  });

  test('given checkpoints, then there; one that retention has passed is moved on, and that is said', async () => {
    await checkpoints.advance([
      { topic, partition: 0, nextOffset: 60 },
      { topic, partition: 1, nextOffset: 30 },
    ]);
    const { positions, said } = openPositions();

    expect(await positions.load([log(0, 40, 60), log(1, 40, 90)])).toEqual(
      new Map([
        ['tasks.requested/0', 60],
        ['tasks.requested/1', 40],
      ]),
    );
    expect(await stored()).toEqual({ 'tasks.requested/0': 60, 'tasks.requested/1': 40 });
    expect(said).toEqual([expect.stringMatching(/^warn .*"tasks\.requested\/1".*"records":10/)]);
  });

  test('given a checkpoint beyond the log’s end, then nowhere, until that checkpoint was removed', async () => {
    await checkpoints.advance([{ topic, partition: 0, nextOffset: 100 }]);
    const { positions, said } = openPositions();

    await expect(positions.load([log(0, 0, 10), log(1, 0, 10)])).rejects.toThrow(AnotherLogError);
    expect(positions.fault()).toMatch(/tasks\.requested\/0 \(100\) is beyond the end/);
    expect(await stored()).toEqual({ 'tasks.requested/0': 100 });

    await expect(positions.load([log(0, 0, 200)])).rejects.toThrow(AnotherLogError);
    expect(said).toEqual([expect.stringMatching(/^error .*"checkpoint":100,"logEnd":10/)]);

    await collection.deleteMany({});
    expect(await positions.load([log(0, 0, 200)])).toEqual(new Map([['tasks.requested/0', 0]]));
    expect(positions.fault()).toBeUndefined();
  });

  test('given a topic that was recreated and has grown past the checkpoint, then nowhere, and it says what to do', async () => {
    topicId = 'first';
    expect(await openPositions().positions.load([log(0, 0, 10)])).toEqual(new Map([['tasks.requested/0', 0]]));
    await checkpoints.advance([{ topic, partition: 0, nextOffset: 7 }]);
    expect(await openPositions().positions.load([log(0, 0, 10)])).toEqual(new Map([['tasks.requested/0', 7]]));

    topicId = 'second';
    const { positions, said } = openPositions();
    await expect(positions.load([log(0, 0, 10)])).rejects.toThrow(AnotherLogError);
    await expect(positions.load([log(0, 0, 11)])).rejects.toThrow(AnotherLogError);
    expect(positions.fault()).toMatch(/tasks\.requested\/0 \(7\) is of a topic that was deleted/);
    expect(said).toEqual([expect.stringMatching(/^error .*"topicId":"second","checkpointTopicId":"first"/)]);
    expect(await stored()).toEqual({ 'tasks.requested/0': 7 });
  });

  test('given a checkpoint from before topics’ ids were kept, then it is taken for the present topic’s from now on', async () => {
    await checkpoints.advance([{ topic, partition: 0, nextOffset: 7 }]);
    topicId = 'present';
    expect(await openPositions().positions.load([log(0, 0, 10)])).toEqual(new Map([['tasks.requested/0', 7]]));
    expect(await checkpoints.load([log(0, 0, 10)])).toEqual(
      new Map([['tasks.requested/0', { nextOffset: 7, topicId: 'present' }]]),
    );
  });
});
