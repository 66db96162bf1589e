import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Document } from 'mongodb';
import { collectionsOf, taskEventIndexes, taskIndexes, type ReadModelIndex, type TaskDocument } from '@nask/schemas';
import { createLogger } from '@nask/service';
import { connectMongo } from '@nask/service/mongo';
import { isolate, testServers } from '@nask/testkit';
import { documentOfSlots } from '../fixtures/task-documents.ts';
import { createReadStore } from './read-store.ts';

/*
 * Each query that the gateway asks is caught as it goes to the database. On a MongoDB (TEST_MONGODB_URL) that is asked how it
 * answers it. The store of the tests plans otherwise (it sorts without an index), so there each query is held against
 * MongoDB's rule for compound indexes.
 */

const { database } = isolate('queries');
const logger = createLogger({ service: 'test', level: 'silent' });
const connection = connectMongo(testServers().mongoUrl, { appName: 'test', monitorCommands: true }, logger);
const db = connection.client.db(database);
const collections = collectionsOf(1);
const store = createReadStore({
  connection,
  database,
  timeoutMs: 10_000,
  logEnds: { endOffsets: async () => new Map() },
  logger,
});
const asked: Document[] = [];
connection.client.on('commandStarted', ({ commandName, command }) => {
  if (commandName === 'find') asked.push(command);
});

async function createIndexes(collection: string, indexes: readonly ReadModelIndex[]): Promise<void> {
  const wanted = indexes.map(({ key, ...options }) => ({ key: { ...key }, ...options }));
  await db.collection(collection).createIndexes(wanted);
}

let isMongoDb = false;
beforeAll(async () => {
  const tasks = Array.from({ length: 300 }, (_, index): TaskDocument => {
    const id = index + 1;
    const at = new Date(1_795_000_000_000 + id);
    const requested = { offset: id, event_id: 'e', type: id % 3 ? 'prime' : 'sleep', payload: '{}', notify_url: null };
    return documentOfSlots({
      _id: id,
      status: id % 5 ? 'SUCCESS' : 'FAILURE',
      requested: { ...requested, requested_at: at },
    });
  });
  await db.collection<TaskDocument>(collections.tasks).insertMany(tasks);
  await createIndexes(collections.tasks, taskIndexes);
  await createIndexes(collections.taskEvents, taskEventIndexes);
  const { serverInfo } = await db.command({ explain: { find: collections.tasks } });
  isMongoDb = (serverInfo as Document)['host'] !== 'secantus';
});
afterAll(async () => {
  await db.dropDatabase();
  await store.close();
});

const indexesOf: Readonly<Record<string, readonly ReadModelIndex[]>> = {
  [collections.tasks]: [{ key: { _id: 1 } }, ...taskIndexes],
  [collections.taskEvents]: [{ key: { _id: 1 } }, ...taskEventIndexes],
};

/** What the store asks of tasks and history. */
async function queriesOf(ask: () => Promise<unknown>): Promise<Document[]> {
  asked.length = 0;
  await ask();
  return asked.filter(({ find }) => (find as string) in indexesOf);
}

/** Why an index alone does not answer a query; undefined: it does. */
async function faultOf({ find, filter, sort, projection, limit }: Document): Promise<string | undefined> {
  const order = [...((sort ?? new Map()) as Map<string, 1 | -1>)];
  if (!isMongoDb) {
    const asked = { filter: filter as AskedQuery['filter'], sort: order };
    return indexesOf[find as string]!.some((index) => serves(index, asked))
      ? undefined
      : 'no index has its fields in order';
  }
  const given = Object.entries({ find, filter, sort, projection, limit }).filter(([, value]) => value !== undefined);
  const { queryPlanner } = await db.command({ explain: Object.fromEntries(given), verbosity: 'queryPlanner' });
  const stages = stagesOf((queryPlanner as Document)['winningPlan'] as Document);
  return stages.includes('COLLSCAN') || stages.includes('SORT') ? stages.join(' < ') : undefined;
}

function stagesOf(plan: Document | undefined): string[] {
  if (plan === undefined) return [];
  const inner = [plan['inputStage'], plan['queryPlan'], ...((plan['inputStages'] as Document[] | undefined) ?? [])];
  return [plan['stage'] as string, ...inner.flatMap((stage) => stagesOf(stage as Document | undefined))].filter(
    Boolean,
  );
}

const after = { id: 40, createdAtMs: 1_795_000_000_040 };
const range = { createdFromMs: 1_795_000_000_010, createdBeforeMs: 1_795_000_000_200 };

test('given read models of earlier versions, then the highest id is that of all versions', async () => {
  expect(await store.highestTaskId()).toBe(300);
  const earlier = db.collection<{ _id: number }>(collectionsOf(1, 1).tasks);
  await earlier.insertMany([{ _id: 1 }, { _id: 5_000_000 }]);
  expect(await store.highestTaskId()).toBe(5_000_000);
  await earlier.drop();
});

describe('every query of the gateway', () => {
  test.each<[string, () => Promise<unknown>]>([
    ['tasks by id', () => store.tasks([1, 2, 3])],
    ['states of tasks', () => store.states([1, 2, 3])],
    ['histories', () => store.histories([1, 2])],
    ['the list', () => store.page({ limit: 10, order: 'id' })],
    ['the list, backwards, from somewhere', () => store.page({ limit: 10, order: '-id', after })],
    ['a status', () => store.page({ limit: 10, order: 'id', statuses: ['FAILURE'] })],
    ['a type', () => store.page({ limit: 10, order: 'id', type: 'sleep', after })],
    ['by time', () => store.page({ limit: 10, order: 'created_at' })],
    ['by time, backwards, from somewhere', () => store.page({ limit: 10, order: '-created_at', after })],
    ['a range of time', () => store.page({ limit: 10, order: 'created_at', ...range })],
    [
      'a status in a range of time',
      () => store.page({ limit: 10, order: '-created_at', statuses: ['FAILURE'], ...range }),
    ],
    [
      'webhooks that were given up',
      () => store.failedNotifications({ fromMs: 0, toMs: 1e12, state: 'FAILED', afterId: 3 }, 10),
    ],
    ['the highest id', () => store.highestTaskId()],
  ])('%s: an index finds and orders it', async (_what, ask) => {
    const queries = await queriesOf(ask);
    expect(queries.length).toBeGreaterThan(0);
    expect(await Promise.all(queries.map(faultOf))).toEqual(queries.map(() => undefined));
  });

  test.each([
    ['status', { statuses: ['FAILURE' as const] }],
    ['type', { type: 'sleep' }],
  ])('the newest of one %s: tasks with another are not looked at', async (field, selection) => {
    const [query] = await queriesOf(() => store.page({ limit: 10, order: '-created_at', ...selection }));
    const asked = { filter: query!['filter'], sort: [...query!['sort']] } as AskedQuery;
    const own = taskIndexes.filter(({ key }) => Object.keys(key)[0] === field);
    expect(own.some((index) => serves(index, asked))).toBe(true);
    expect(own.filter(({ key }) => !('created_at' in key)).some((index) => serves(index, asked))).toBe(false);
  });

  test.each<[string, Document]>([
    ['a filter that has none', { filter: { 'completed.attempt': 3 } }],
    [
      'an order that has none',
      {
        filter: {},
        sort: new Map([
          ['status', 1],
          ['completed.attempt', 1],
        ]),
      },
    ],
    ['an order against a filter', { filter: { status: { $gt: 'A' } }, sort: new Map([['requested.payload', 1]]) }],
  ])('the check finds %s', async (_what, query) => {
    expect(await faultOf({ find: collections.tasks, ...query })).toBeDefined();
  });
});

/** A query as it goes to the database. */
interface AskedQuery {
  filter: Readonly<Record<string, unknown>>;
  /** Fields and directions, in order. */
  sort: readonly (readonly [string, 1 | -1])[];
}

/**
 * Whether MongoDB can find and order what is asked with this index alone, by its rule for compound indexes (equality, then
 * sort, then range; MongoDB manual, "The ESR Rule"): the fields that are asked for equality come first, then those of the
 * order, all in the index's direction or all against it. What is left is looked at in each document that is found.
 */
function serves({ key, partialFilterExpression = {} }: ReadModelIndex, { filter, sort }: AskedQuery): boolean {
  // A partial index has the documents that have the field.
  if (Object.keys(partialFilterExpression).some((field) => filter[field] == null)) return false;
  const fields = Object.entries(key);
  const isEqual = (field: string) => field in filter && isEquality(filter[field]);
  const equal = fields.findIndex(([field]) => !isEqual(field));
  const rest = equal < 0 ? [] : fields.slice(equal);
  const order = sort.filter(([field]) => !isEqual(field));
  if (order.length === 0) return rest.length < fields.length || isRange(filter[fields[0]![0]]);
  const turn = order[0]![1] * (rest[0]?.[1] ?? 1);
  return order.every(([field, direction], i) => rest[i]?.[0] === field && rest[i][1] * turn === direction);
}

function isEquality(condition: unknown): boolean {
  if (typeof condition !== 'object' || condition === null || condition instanceof Date) return true;
  return '$in' in condition;
}

function isRange(condition: unknown): boolean {
  return (
    typeof condition === 'object' &&
    condition !== null &&
    ['$gt', '$gte', '$lt', '$lte'].some((operator) => operator in condition)
  );
}
