import { expect, test } from '@jest/globals';
import type { DispatcherHost } from './dispatcher.ts';
import { OwnedPartition } from '../partitions/owned-partition.ts';
import { RecordDispatcher } from './record-dispatcher.ts';

const records = Array.from({ length: 1_000 }, (_, offset) => ({
  topic: 'a',
  partition: 0,
  offset,
  key: null,
  value: null,
  headers: {},
  timestampMs: 0,
}));

function hostAt(clock: { nowMs: number }): { host: DispatcherHost; turns: (() => void)[] } {
  const turns: (() => void)[] = [];
  const host: DispatcherHost = {
    scheduler: { nowMs: () => clock.nowMs, random: () => 0, after: (_, task) => (turns.push(task), () => {}) },
    backoff: { initialMs: 1, maxMs: 1 },
    onRetry() {},
    onProgress() {},
    mayStart: () => true,
    admit: () => true,
    publishDeadLetter: () => Promise.resolve(),
    ended() {},
    stopPartition() {},
    fatal() {},
  };
  return { host, turns };
}

test('given more records than may start at once, then the event loop has its turn in between, and all are started', () => {
  const { host, turns } = hostAt({ nowMs: 0 });
  let started = 0;
  const handler = () => {
    started += 1;
    return new Promise<void>(() => {});
  };
  const dispatcher = new RecordDispatcher({
    handler,
    ordering: 'unordered',
    maxInFlight: () => 10_000,
    maxInFlightBytes: 1_000_000,
    host,
  });
  dispatcher.add(new OwnedPartition({ topic: 'a', partition: 0 }), records);

  dispatcher.kick();
  const startedByTurn = [started];
  for (let turn = turns.shift(); turn !== undefined; turn = turns.shift()) {
    turn();
    startedByTurn.push(started);
  }
  expect(startedByTurn).toEqual([200, 400, 600, 800, 1_000, 1_000]);
});

test('a topic has a limit of its own, and a record its time from when it was read', () => {
  const clock = { nowMs: 1_000 };
  const { host } = hostAt(clock);
  const started: string[] = [];
  const dispatcher = new RecordDispatcher({
    handler({ topic }) {
      started.push(topic);
      return new Promise<void>(() => {});
    },
    ordering: 'unordered',
    maxInFlight: (topic) => (topic === 'few' ? 2 : 5),
    maxInFlightBytes: 1_000_000,
    notBefore: () => clock.nowMs + 10,
    host,
  });
  for (const topic of ['few', 'many'])
    dispatcher.add(
      new OwnedPartition({ topic, partition: 0 }),
      records.map((record) => ({ ...record, topic })),
    );
  clock.nowMs = 1_009;
  dispatcher.kick();
  expect(started).toEqual([]);
  clock.nowMs = 1_010;
  dispatcher.kick();
  expect(started).toEqual(['few', 'few', 'many', 'many', 'many', 'many', 'many']);
});
