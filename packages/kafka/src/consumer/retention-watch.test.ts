import { expect, test } from '@jest/globals';
import { silentLogger } from '../../testing/silent-logger.ts';
import { OffsetTracker } from './partitions/offset-tracker.ts';
import { OwnedPartition } from './partitions/owned-partition.ts';
import { RetentionWatch, retentionDanger } from './retention-watch.ts';

const hourMs = 3_600_000;
const at = (oldestOpen: number, logStart: number, oldestOpenMs: number | null = 0) => ({
  tracker: new OffsetTracker(oldestOpen),
  logStart,
  logEnd: 1_000,
  oldestOpenMs,
});

test.each([
  ['behind the log’s start', at(99, 100), 'taken'],
  ['in the first tenth, and old', at(190, 100), 'near'],
  ['further on', at(191, 100), null],
  ['young', at(100, 100, 2 * hourMs), null],
  ['in a log that retention has not touched', at(0, 0), null],
  ['none', at(1_000, 100, null), null],
])('the oldest open record is %s', (_, partition, danger) => {
  expect(retentionDanger(partition, 2 * hourMs)).toBe(danger);
});

test('it is said once, and again when it has become so again', () => {
  const said: unknown[] = [];
  const watch = new RetentionWatch({ ...silentLogger, error: (...line: unknown[]) => void said.push(line[1]) });
  const partition = new OwnedPartition({ topic: 'a', partition: 0 });
  partition.startWith(new OffsetTracker(5), { topic: 'a', partition: 0, logStart: 0, logEnd: 10 });
  for (const logStart of [0, 6, 6, 5, 7]) {
    partition.logStart = logStart;
    watch.look(partition, 0);
  }
  expect(said).toEqual(Array(2).fill('retention took a record that is not done'));
});
