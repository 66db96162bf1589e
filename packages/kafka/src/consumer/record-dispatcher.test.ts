import { expect, test } from '@jest/globals';
import type { DispatcherHost } from './dispatcher.ts';
import { OwnedPartition } from './owned-partition.ts';
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

test('given more records than may start at once, then the event loop has its turn in between, and all are started', () => {
  const turns: (() => void)[] = [];
  let started = 0;
  const host: DispatcherHost = {
    scheduler: { nowMs: () => 0, random: () => 0, after: (_, task) => (turns.push(task), () => {}) },
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
  const handler = () => {
    started += 1;
    return new Promise<void>(() => {});
  };
  const dispatcher = new RecordDispatcher({
    handler,
    ordering: 'unordered',
    maxInFlight: 10_000,
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
