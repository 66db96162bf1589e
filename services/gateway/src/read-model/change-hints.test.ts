import { expect, test } from '@jest/globals';
import { createChangeHints, type TaskRecord } from './change-hints.ts';

const recordOf = (taskId: number, offset: number): TaskRecord => ({ taskId, topic: 't', partition: 0, offset });

/** Watched tasks, and a read model that comes as far as the test says. */
function createWorld() {
  const watched = new Set<number>();
  const hinted: number[] = [];
  const asked: TaskRecord[] = [];
  const gates: PromiseWithResolvers<void>[] = [];
  const hints = createChangeHints({
    isWatched: (id) => watched.has(id),
    projected(record) {
      asked.push(record);
      const gate = Promise.withResolvers<void>();
      gates.push(gate);
      return gate.promise;
    },
    hint: (id) => hinted.push(id),
  });
  return { watched, hinted, asked, gates, hints };
}

test('a watched task is hinted at once the record is in the read model, and not before', async () => {
  const { watched, hinted, gates, hints } = createWorld();
  watched.add(1);
  hints.written(recordOf(1, 7));
  await Promise.resolve();
  expect(hinted).toEqual([]);
  gates[0]!.resolve();
  await gates[0]!.promise;
  expect(hinted).toEqual([1]);
});

test('also when nobody can say whether it is there: a look does no harm', async () => {
  const { watched, hinted, gates, hints } = createWorld();
  watched.add(1);
  hints.written(recordOf(1, 7));
  gates[0]!.reject(new Error('away'));
  await gates[0]!.promise.catch(() => {});
  await Promise.resolve();
  expect(hinted).toEqual([1]);
});

test('what was written shortly before a task is watched counts, once', () => {
  const { asked, hints } = createWorld();
  hints.written(recordOf(1, 7));
  hints.written(recordOf(2, 8));
  hints.written(recordOf(1, 9));
  expect(asked).toEqual([]);
  hints.watched(1);
  hints.watched(1);
  expect(asked).toEqual([recordOf(1, 7), recordOf(1, 9)]);
});

test('of tasks that nobody watches, the newest 10,000 are remembered, and the last 10 records of each', () => {
  const { asked, hints } = createWorld();
  for (let id = 1; id <= 10_001; id++) hints.written(recordOf(id, id));
  for (let offset = 0; offset < 20; offset++) hints.written(recordOf(9_999, offset));
  for (const id of [1, 2, 9_999]) hints.watched(id);
  expect(asked[0]).toEqual(recordOf(2, 2));
  expect(asked.slice(1).map(({ offset }) => offset)).toEqual([10, 11, 12, 13, 14, 15, 16, 17, 18, 19]);
});

test('while the read model stands still, 10 records of a watched task are waited for, and later ones again', async () => {
  const { watched, hinted, asked, gates, hints } = createWorld();
  watched.add(1);
  for (let offset = 0; offset < 100; offset++) hints.written(recordOf(1, offset));
  expect(asked).toHaveLength(10);
  for (const gate of gates) gate.resolve();
  await Promise.all(gates.map(({ promise }) => promise));
  expect(hinted).toHaveLength(10);
  hints.written(recordOf(1, 100));
  expect(asked).toHaveLength(11);
});
