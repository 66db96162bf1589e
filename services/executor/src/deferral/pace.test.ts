import { expect, test } from '@jest/globals';
import { createPace } from './pace.ts';

const { signal } = new AbortController();
const nowMs = () => performance.now();

test.each([
  ['calls', { calls: 400, bytes: 10, apartMs: 1 }],
  ['bytes', { calls: 5, bytes: 100_000, apartMs: 100 }],
])('turns come in the order of the calls, and within the rate in %s', async (_, given) => {
  const pace = createPace({ perSecond: 1_000, bytesPerSecond: 1_000_000 });
  const startMs = nowMs();
  const turns: { call: number; atMs: number }[] = [];
  const calls = Array.from({ length: given.calls }, (_, call) =>
    pace(given.bytes, signal).then(() => turns.push({ call, atMs: nowMs() - startMs })),
  );
  await Promise.all(calls);
  expect(turns.map(({ call }) => call)).toEqual(calls.map((_, call) => call));
  // A step is 100 ms.
  for (const { call, atMs } of turns) expect(atMs).toBeGreaterThanOrEqual(call * given.apartMs - 101);
});

test('the turn of a call that is given up is the next one’s', async () => {
  const pace = createPace({ perSecond: 5, bytesPerSecond: 1_000_000 });
  const startMs = nowMs();
  await pace(1, signal);
  const gaveUp = new AbortController();
  const waiting = Array.from({ length: 10_000 }, () => pace(1, gaveUp.signal).catch(() => {}));
  const next = pace(1, signal);
  gaveUp.abort(new Error('lost'));
  await Promise.all(waiting);
  // Behind 10,000 turns it would come after half an hour.
  await next;
  expect(nowMs() - startMs).toBeLessThan(60_000);
});
